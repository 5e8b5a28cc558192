import Crypto
import NIOCore

/// The scripts that decide and write everything about a sale in Redis.
public enum SaleScript: String, CaseIterable, Sendable {
    case checkout, purchase, expire, release, control, snapshot, fence, restore, remove

    /// What Redis is given: the flags, the shared part and the body.
    public var source: String { SaleScript.texts[self]?.source ?? "" }

    /// Name under which Redis runs it: 40 hexadecimal digits.
    public var sha1: String { SaleScript.texts[self]?.sha1 ?? "" }

    /// `SCRIPT LOAD` of every script; to be sent when a connection has been validated.
    public static var loadCommands: [RedisCommand] {
        allCases.map { RedisCommand("SCRIPT", "LOAD", $0.source) }
    }

    /// `EVALSHA` with the keys of a sale and these arguments.
    func command(keys: SaleKeys, arguments: [String]) -> RedisCommand {
        var buffer = ByteBuffer()
        writePrefix(keys: keys, argumentCount: arguments.count, into: &buffer)
        for argument in arguments { buffer.writeRedisBulk(argument) }
        return RedisCommand(encoded: buffer)
    }

    /// Everything of an `EVALSHA` up to its first argument.
    func writePrefix(keys: SaleKeys, argumentCount: Int, into buffer: inout ByteBuffer) {
        buffer.writeRedisArray(count: 3 + SaleKeys.count + argumentCount)
        buffer.writeRedisBulk("EVALSHA")
        buffer.writeRedisBulk(sha1)
        buffer.writeRedisBulk(Int64(SaleKeys.count))
        for key in keys.all { buffer.writeRedisBulk(key) }
    }

    private static let texts: [SaleScript: (source: String, sha1: String)] = {
        let common = String(decoding: PackageResources.common_lua, as: UTF8.self)
        return Dictionary(
            uniqueKeysWithValues: allCases.map { script in
                // The flags must be the very first bytes; the name is for people who read the slow log.
                let head = "#!lua\(script.flags)\n-- flashctl \(script.rawValue)\nlocal FORMAT = \(StoreFormat.known)\n"
                let source = head + common + String(decoding: script.body, as: UTF8.self)
                return (script, (source, hex(Insecure.SHA1.hash(data: Array(source.utf8)))))
            }
        )
    }()

    /// Scripts that free memory or finish what was begun run when memory is full too; a checkout is refused before its
    /// first write.
    private var flags: String {
        switch self {
        case .checkout: ""
        case .snapshot: " flags=no-writes"
        case .purchase, .expire, .release, .control, .fence, .restore, .remove: " flags=allow-oom"
        }
    }

    private var body: [UInt8] {
        switch self {
        case .checkout: PackageResources.checkout_lua
        case .purchase: PackageResources.purchase_lua
        case .expire: PackageResources.expire_lua
        case .release: PackageResources.release_lua
        case .control: PackageResources.control_lua
        case .snapshot: PackageResources.snapshot_lua
        case .fence: PackageResources.fence_lua
        case .restore: PackageResources.restore_lua
        case .remove: PackageResources.remove_lua
        }
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

extension ByteBuffer {
    /// Writes the time that Postgres confirmed, or an empty part.
    mutating func writeRedisBulk(_ confirmed: Timestamp?) {
        if let confirmed {
            writeRedisBulk(confirmed.microseconds)
        } else {
            writeRedisBulk("")
        }
    }
}
