import FlashSaleKit
import NIOCore

/// A request that has a time of its own: something that a buyer of a past sale did.
struct ScheduledRequest: Sendable, Equatable {
    /// What is sent.
    enum Action: Sendable, Equatable {
        case checkout(itemID: Int64)
        case purchase(code: [UInt8])
        case giveBack(code: [UInt8])
    }

    var action: Action
    /// What it repeats.
    var event: TrafficEvent
    /// Monotonic time in nanoseconds at which it should be sent; 0: as soon as its turn has come.
    var dueAt: UInt64
}

/// The bytes of scheduled requests.
struct ScheduledTemplate {
    private static let checkout = Array("POST /checkout?user_id=".utf8)
    private static let item = Array("&id=".utf8)
    private static let purchase = Array("POST /purchase?code=".utf8)
    private static let giveBack = Array("DELETE /checkout?code=".utf8)
    private let tail: [UInt8]

    init(plan: LoadPlan) {
        tail = Array(" HTTP/1.1\r\nHost: \(plan.target.authority)\r\nContent-Length: 0\r\n\r\n".utf8)
    }

    /// Replaces what the buffer holds by a request.
    func write(_ request: ScheduledRequest, into buffer: inout ByteBuffer) {
        buffer.clear()
        switch request.action {
        case .checkout(let itemID):
            buffer.writeBytes(ScheduledTemplate.checkout)
            ScheduledTemplate.write(escaped: request.event.user, into: &buffer)
            buffer.writeBytes(ScheduledTemplate.item)
            buffer.writeString(String(itemID))
        case .purchase(let code):
            buffer.writeBytes(ScheduledTemplate.purchase)
            buffer.writeBytes(code)
        case .giveBack(let code):
            buffer.writeBytes(ScheduledTemplate.giveBack)
            buffer.writeBytes(code)
        }
        buffer.writeBytes(tail)
    }

    /// Whatever is not unreserved in a URL is written as its bytes in hexadecimal digits.
    private static func write(escaped user: UserID, into buffer: inout ByteBuffer) {
        for byte in user.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                buffer.writeInteger(byte)
            default:
                buffer.writeInteger(UInt8(ascii: "%"))
                buffer.writeInteger(digit(byte >> 4))
                buffer.writeInteger(digit(byte & 15))
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
}
