import Testing

@testable import FlashSaleKit

/// What a text on the command line means.
@Suite struct SubjectTests {
    private func code() throws -> HoldCode {
        HoldCode(saleID: try #require(SaleID(12)), high: 0x1234_5678_9ABC_DEF0, low: 42)
    }

    @Test("A code is its hold, and names its sale; its letters may be small")
    func codes() throws {
        let code = try code()
        for text in [code.description, code.description.lowercased()] {
            let found = try #require(Subject.read(text))
            #expect(found.subject == .hold(code.holdID))
            #expect(found.sale == code.saleID)
            #expect(!found.subject.text.contains(text.dropFirst(2)))
        }
        #expect(Subject.read("alice", as: .code) == nil)
    }

    @Test("Hold ids, units and users are told apart by their form, or by what they are said to be")
    func kinds() throws {
        let hold = try code().holdID
        #expect(Subject.read(hold.description)?.subject == .hold(hold))
        #expect(Subject.read(hold.description.uppercased())?.subject == .hold(hold))
        #expect(Subject.read("4711")?.subject == .unit(4711))
        #expect(Subject.read("4711", as: .user)?.subject == .user("4711"))
        #expect(Subject.read("0")?.subject == .user("0"))
        #expect(Subject.read("99999999999")?.subject == .user("99999999999"))
        #expect(Subject.read("zoë")?.subject == .user("zoë"))
        #expect(Subject.read(hold.description, as: .user)?.subject == .user("\(hold)"))
        let wrong: [(String, Subject.Kind?)] = [("", nil), ("a\tb", nil), ("x", .unit), ("-1", .unit), ("12", .hold)]
        for (text, kind) in wrong { #expect(Subject.read(text, as: kind) == nil, "\(text)") }
        #expect(Subject.unit(3).kind == .unit)
        #expect(Subject.user("a").text == "a")
    }

    @Test("A code with a slip of the pen is nearly as secret as one; other names with dashes are names")
    func nearlyCodes() throws {
        let text = try code().description
        #expect(Subject.resemblesCode(text))
        #expect(Subject.resemblesCode(String(text.dropLast()) + "U"))
        #expect(Subject.resemblesCode(String(text.dropLast(2))))
        for name in ["alice", "anna-maria", "123e4567-e89b-12d3-a456-426614174000", "2R-7ZK3", "2R-" + "é"] {
            #expect(!Subject.resemblesCode(name), "\(name)")
        }
    }
}
