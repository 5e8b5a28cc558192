import NIOCore
import Testing

@testable import FlashSaleKit

@Suite struct RedisCommandTests {
    @Test func `a command is an array of bulks`() {
        let command = RedisCommand("SET", "schlüssel", "")
        #expect(String(buffer: command.bytes) == "*3\r\n$3\r\nSET\r\n$10\r\nschlüssel\r\n$0\r\n\r\n")
    }

    @Test func `every kind of argument has its length in bytes`() {
        let command = RedisCommand(parts: [
            "X", .bytes([0, 13, 10]), .buffer(ByteBuffer(string: "é")), .integer(-120), 7, .string("🎟"),
        ])
        var expected = Array("*6\r\n$1\r\nX\r\n$3\r\n".utf8) + [0, 13, 10]
        expected += Array("\r\n$2\r\né\r\n$4\r\n-120\r\n$1\r\n7\r\n$4\r\n🎟\r\n".utf8)
        #expect(Array(command.bytes.readableBytesView) == expected)
    }

    @Test func `parts may be written straight into the buffer`() {
        var buffer = ByteBuffer()
        buffer.writeRedisArray(count: 2)
        buffer.writeRedisBulk("ECHO")
        buffer.writeRedisBulkStart(length: 4)
        buffer.writeString("ab")
        buffer.writeString("cd")
        buffer.writeRedisBulkEnd()
        #expect(RedisCommand(encoded: buffer).bytes == RedisCommand("ECHO", "abcd").bytes)
    }

    @Test func `only the readable part of a buffer is an argument`() {
        var part = ByteBuffer(string: "skip this, keep that")
        part.moveReaderIndex(forwardBy: 11)
        let command = RedisCommand(parts: ["ECHO", .buffer(part)])
        #expect(command.bytes == RedisCommand("ECHO", "keep that").bytes)
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345_678_901, -1, -10, .max, .min] as [Int64])
    func `numbers are written as their decimal form`(number: Int64) {
        var buffer = ByteBuffer()
        buffer.writeRedisBulk(number)
        #expect(String(buffer: buffer) == "$\(String(number).utf8.count)\r\n\(number)\r\n")
    }
}
