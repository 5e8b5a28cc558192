import NIOCore

/// The bytes of a checkout request, ready but for the two numbers in it.
struct CheckoutTemplate {
    private let head: [UInt8]
    private let tail: [UInt8]
    private let items: Int
    private static let middle = Array("&id=".utf8)
    /// Digits of the largest number.
    private static let longestNumber = 20

    init(plan: LoadPlan) {
        head = Array("POST /checkout?user_id=\(plan.runID)-".utf8)
        tail = Array(" HTTP/1.1\r\nHost: \(plan.target.authority)\r\nContent-Length: 0\r\n\r\n".utf8)
        items = plan.items
    }

    /// Bytes of the longest request.
    var maximumLength: Int {
        head.count + CheckoutTemplate.middle.count + tail.count + 2 * CheckoutTemplate.longestNumber
    }

    /// Replaces what the buffer holds by request `number`, which counts from 0.
    func write(number: Int, into buffer: inout ByteBuffer) {
        buffer.clear(minimumCapacity: maximumLength)
        buffer.writeBytes(head)
        CheckoutTemplate.write(decimal: number, into: &buffer)
        buffer.writeBytes(CheckoutTemplate.middle)
        CheckoutTemplate.write(decimal: number % items + 1, into: &buffer)
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
