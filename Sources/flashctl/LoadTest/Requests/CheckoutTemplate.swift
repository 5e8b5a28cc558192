import NIOCore

/// The bytes of the requests that a plan numbers, ready but for what differs between them.
struct CheckoutTemplate {
    private let mix: LoadMix
    /// The start of a checkout, for each flow.
    private let heads: [[UInt8]]
    private let tail: [UInt8]
    private let keyedTail: [UInt8]
    private let items: Int
    private static let middle = Array("&id=".utf8)
    private static let end = Array("\r\n\r\n".utf8)
    private static let invalidMarks = ["POST /checkout?id=1", "POST /checkout?user_id=&id=1"]
    private static let invalidItems = ["&id=0", "&id=abc"]
    /// Digits of the largest number.
    private static let longestNumber = 20

    init(plan: LoadPlan) {
        mix = plan.mix
        heads = plan.flows.map { Array("POST /checkout?user_id=\(plan.runID)-\($0.tag)".utf8) }
        let common = " HTTP/1.1\r\nHost: \(plan.target.authority)\r\nContent-Length: 0\r\n"
        tail = Array("\(common)\r\n".utf8)
        keyedTail = Array("\(common)Idempotency-Key: \(plan.runID)-".utf8)
        items = plan.items
    }

    /// Bytes of the longest request.
    var maximumLength: Int {
        let head = heads.reduce(0) { max($0, $1.count) }
        let longest = max(tail.count, keyedTail.count + CheckoutTemplate.longestNumber + CheckoutTemplate.end.count)
        return head + CheckoutTemplate.middle.count + longest + 2 * CheckoutTemplate.longestNumber
    }

    /// Replaces what the buffer holds by checkout `number`, which counts from 0.
    func write(number: Int, into buffer: inout ByteBuffer) {
        let flow = mix.flow(number)
        buffer.clear(minimumCapacity: maximumLength)
        buffer.writeBytes(heads[flow])
        CheckoutTemplate.write(decimal: mix.user(number, flow: flow), into: &buffer)
        buffer.writeBytes(CheckoutTemplate.middle)
        CheckoutTemplate.write(decimal: number % items + 1, into: &buffer)
        guard mix.isRepeated(number, flow: flow) else {
            buffer.writeBytes(tail)
            return
        }
        buffer.writeBytes(keyedTail)
        CheckoutTemplate.write(decimal: number, into: &buffer)
        buffer.writeBytes(CheckoutTemplate.end)
    }

    /// Replaces what the buffer holds by a checkout that must be refused: one of four kinds, in turn.
    func write(invalid number: Int, into buffer: inout ByteBuffer) {
        buffer.clear(minimumCapacity: maximumLength)
        if number % 4 < 2 {
            buffer.writeString(CheckoutTemplate.invalidMarks[number % 4])
        } else {
            buffer.writeBytes(heads[mix.flow(number)])
            CheckoutTemplate.write(decimal: number, into: &buffer)
            buffer.writeString(CheckoutTemplate.invalidItems[number % 4 - 2])
        }
        buffer.writeBytes(tail)
    }

    private static func write(decimal: Int, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: longestNumber) { bytes in
            var count = 1
            var rest = decimal
            while rest >= 10 {
                rest /= 10
                count += 1
            }
            rest = decimal
            for position in stride(from: count - 1, through: 0, by: -1) {
                bytes[position] = UInt8(truncatingIfNeeded: rest % 10) + UInt8(ascii: "0")
                rest /= 10
            }
            return count
        }
    }
}
