import FlashSaleKit
import NIOCore

/// The bytes of what is done with a code, ready but for the code.
struct PurchaseTemplate {
    private static let purchase = Array("POST /purchase?code=".utf8)
    private static let giveBack = Array("DELETE /checkout?code=".utf8)
    private let tail: [UInt8]
    private let mix: LoadMix
    private let guessedSale: SaleID?
    /// What is guessed while nobody knows a sale.
    private static let plainGuess = Array("1-0123456789".utf8)

    init(plan: LoadPlan) {
        tail = Array(" HTTP/1.1\r\nHost: \(plan.target.authority)\r\nContent-Length: 0\r\n\r\n".utf8)
        mix = plan.mix
        guessedSale = plan.saleID
    }

    /// Replaces what the buffer holds by the purchase of a code.
    func write(code: [UInt8], into buffer: inout ByteBuffer) {
        write(PurchaseTemplate.purchase, code, into: &buffer)
    }

    /// Replaces what the buffer holds by the return of a hold.
    func write(giveBack code: [UInt8], into buffer: inout ByteBuffer) {
        write(PurchaseTemplate.giveBack, code, into: &buffer)
    }

    /// Replaces what the buffer holds by a purchase with a code that nobody was given.
    func write(guess number: Int, into buffer: inout ByteBuffer) {
        let bits = mix.guessedBits(number)
        let code = guessedSale.map { HoldCode(saleID: $0, high: bits.high, low: bits.low).utf8 }
        write(PurchaseTemplate.purchase, code ?? PurchaseTemplate.plainGuess, into: &buffer)
    }

    private func write(_ head: [UInt8], _ code: [UInt8], into buffer: inout ByteBuffer) {
        buffer.clear(minimumCapacity: head.count + code.count + tail.count)
        buffer.writeBytes(head)
        buffer.writeBytes(code)
        buffer.writeBytes(tail)
    }
}
