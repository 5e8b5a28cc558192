import Testing

@testable import FlashSaleKit

/// Codes and hold ids: what buyers pay with, and what the stores know of it.
@Suite struct CodeTests {
    private func sale(_ id: Int64 = 88) throws -> SaleID { try #require(SaleID(id)) }

    @Test func aCodeCarriesItsSaleAndReadsBack() throws {
        for id in [1, 31, 32, 88, 1_000_000, Int64.max] {
            let code = HoldCode(saleID: try sale(id), high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
            let read = try #require(HoldCode(parsing: Array("\(code)".utf8)))
            #expect(read == code)
            #expect(read.saleID.rawValue == id)
        }
        #expect("\(HoldCode(saleID: try sale(88), high: 0, low: 0))" == "2R-00000000000000000000000000")
        #expect("\(HoldCode(saleID: try sale(1), high: .max, low: .max))" == "1-7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    }

    @Test("a code read from paper works: any case, I and L for 1, O for 0")
    func codesAreForgiving() throws {
        let text = "11-01010101010101010101010101"
        let code = try #require(HoldCode(parsing: Array(text.utf8)))
        #expect("\(code)" == text)
        let variants = [
            text.lowercased(), text.replacing("1", with: "I"), text.replacing("1", with: "l"),
            text.replacing("0", with: "o"), text.replacing("0", with: "O"),
        ]
        for variant in variants { #expect(HoldCode(parsing: Array(variant.utf8)) == code, "\(variant)") }
    }

    @Test(
        "what no sale can have issued is no code",
        arguments: [
            "", "-", "2R", "2R-", "2R-0000000000000000000000000", "2R-000000000000000000000000000",
            "2R-80000000000000000000000000", "2R-0000000000000000000000000U", "2R-0000000000000000000000000!",
            "-00000000000000000000000000", "0-00000000000000000000000000", "2U-00000000000000000000000000",
            "ZZZZZZZZZZZZZZ-00000000000000000000000000", "G000000000000-00000000000000000000000000",
            "2R-00000000000000000000000000-", "2R 00000000000000000000000000",
        ]
    )
    func otherTextIsNoCode(_ text: String) {
        #expect(HoldCode(parsing: Array(text.utf8)) == nil)
    }

    @Test("the hold id is the first half of the SHA-256 of the code's 16 bytes")
    func holdIDsAreHashes() throws {
        // printf '\0%.0s' {1..16} | sha256sum, and of the bytes 00 01 … 0f
        let zero = HoldCode(saleID: try sale(), high: 0, low: 0).holdID
        #expect("\(zero)" == "374708fff7719dd5979ec875d56cd228")
        let counting = HoldCode(saleID: try sale(), high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F).holdID
        #expect("\(counting)" == "be45cb2605bf36bebde684841a28f0fd")
    }

    @Test func holdIDsReadBackFromTextAndBytes() throws {
        let hold = HoldID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
        #expect("\(hold)" == "0123456789abcdeffedcba9876543210")
        #expect(HoldID(hex: hold.hex) == hold)
        #expect(HoldID(bytes: hold.bytes) == hold)
        #expect(hold.bytes.prefix(3) == [0x01, 0x23, 0x45])
        for text in ["", "0123", "0123456789ABCDEFFEDCBA9876543210", "0123456789abcdeffedcba987654321g"] {
            #expect(HoldID(hex: Array(text.utf8)) == nil, "\(text)")
        }
        #expect(HoldID(bytes: [UInt8](repeating: 0, count: 15)) == nil)
        #expect(HoldID(bytes: [UInt8](repeating: 0, count: 17)) == nil)
    }

    @Test("an idempotency key stands for one code of one user in one sale of one installation")
    func keyedCodes() throws {
        let secret = [UInt8](repeating: 7, count: 32)
        func code(_ id: Int64, _ user: String, _ key: String, _ secret: [UInt8]) throws -> HoldCode {
            HoldCode(saleID: try sale(id), userID: user.utf8, idempotencyKey: key.utf8, secret: secret)
        }
        let first = try code(1, "alice", "k", secret)
        #expect(try code(1, "alice", "k", secret) == first)
        let others = [
            try code(1, "bob", "k", secret), try code(1, "alice", "k2", secret),
            try code(1, "alic", "ek", secret), try code(1, "alice", "k", [UInt8](repeating: 8, count: 32)),
        ]
        for other in others { #expect((other.high, other.low) != (first.high, first.low)) }
        let elsewhere = try code(2, "alice", "k", secret)
        #expect((elsewhere.high, elsewhere.low) != (first.high, first.low))
    }

    @Test("10,000 codes drawn at once are different, and no bit of them is fixed")
    func drawnCodes() throws {
        var generator = CodeGenerator()
        let id = try sale()
        let codes = (0..<10_000).map { _ in generator.next(for: id) }
        #expect(Set(codes).count == 10_000)
        for bit in 0..<64 {
            let high = codes.count { $0.high >> UInt64(bit) & 1 == 1 }
            let low = codes.count { $0.low >> UInt64(bit) & 1 == 1 }
            // Ten standard deviations around 5,000.
            #expect((4500...5500).contains(high), "bit \(bit)")
            #expect((4500...5500).contains(low), "bit \(bit)")
        }
    }

    @Test func theRandomSourceFillsEveryByteOfAnyLength() {
        for count in [0, 1, 255, 256, 257, 1000] {
            var union = [UInt8](repeating: 0, count: count)
            for _ in 0..<64 {
                var bytes = [UInt8](repeating: 0, count: count)
                bytes.withUnsafeMutableBytes { SystemRandom.fill($0) }
                for index in bytes.indices { union[index] |= bytes[index] }
            }
            // A byte that is never written stays zero; that one of 64 random bytes is not, fails once in 2^512.
            #expect(union.allSatisfy { $0 != 0 }, "\(count) bytes")
        }
    }
}
