import NIOCore

/// The bytes of a purchase, ready but for the code in it.
struct PurchaseTemplate {
    private static let head = Array("POST /purchase?code=".utf8)
    private let tail: [UInt8]

    init(plan: LoadPlan) {
        tail = Array(" HTTP/1.1\r\nHost: \(plan.target.authority)\r\nContent-Length: 0\r\n\r\n".utf8)
    }

    /// Replaces what the buffer holds by the purchase of a code.
    func write(code: [UInt8], into buffer: inout ByteBuffer) {
        buffer.clear(minimumCapacity: PurchaseTemplate.head.count + code.count + tail.count)
        buffer.writeBytes(PurchaseTemplate.head)
        buffer.writeBytes(code)
        buffer.writeBytes(tail)
    }
}
