import FlashSaleKit

/// What the server has said to the requests of one worker: a byte for each checkout, and the hold ids of what was given
/// out. A million users are a megabyte. Codes are not kept, only their hold ids.
struct LoadHistory: Sendable {
    /// What is known of a checkout, by its answers. A checkout that was sent twice has two of them.
    struct Mark: Equatable, Sendable {
        var byte: UInt8 = 0

        /// A 201.
        var isHeld: Bool {
            get { byte & 1 != 0 }
            set { byte = newValue ? byte | 1 : byte & ~1 }
        }

        /// Decided refusals, 0…3.
        var refusals: Int {
            get { Int(byte >> 1 & 3) }
            set { byte = byte & ~6 | UInt8(min(newValue, 3)) << 1 }
        }

        /// Requests whose outcome nobody knows: server errors, and those without an answer, 0…3.
        var unknown: Int {
            get { Int(byte >> 3 & 3) }
            set { byte = byte & ~24 | UInt8(min(newValue, 3)) << 3 }
        }

        /// The decision of the first refusal.
        var refusal: Outcome? {
            switch byte >> 5 & 3 {
            case 1: .soldOut
            case 2: .userLimit
            case 3: .banned
            default: nil
            }
        }

        /// Counts a decided refusal.
        mutating func refuse(_ outcome: Outcome) {
            if refusals == 0 {
                byte |= (outcome == .soldOut ? 1 : outcome == .userLimit ? 2 : 3) << 5
            } else if refusal != outcome {
                // Told two things: the rows may be of either kind.
                byte |= 128
            }
            refusals += 1
        }

        /// Whether the refusals of a checkout that was sent twice were different ones.
        var isMixed: Bool { byte & 128 != 0 }

        /// Whether it was sent.
        var isSent: Bool { byte != 0 }
    }

    /// A hold that was answered to a checkout.
    struct Held: Sendable, Equatable {
        var holdID: HoldID
        var number: Int
    }

    /// A 200 that was answered to a purchase.
    struct Receipt: Sendable, Equatable {
        var holdID: HoldID
        /// 0 when the answer did not name them.
        var sale: Int64
        var unit: Int64
    }

    private let offset: Int
    private let stride: Int
    private(set) var marks: [Mark] = []
    private(set) var holds: [Held] = []
    private(set) var receipts: [Receipt] = []
    /// Holds whose return was answered 200.
    private(set) var released: [HoldID] = []
    /// Made-up codes that were good for something.
    private(set) var goodGuesses = 0
    /// Made-up codes that were answered at all.
    private(set) var guesses = 0
    /// 201s and 200s without what they must have.
    private(set) var unreadable = 0

    private static let unitName = Array("\"unit\"".utf8)
    private static let saleName = Array("\"sale_id\"".utf8)

    /// Of a worker that sends the numbers `offset`, `offset + stride` and so on.
    init(offset: Int = 0, stride: Int = 1) {
        self.offset = offset
        self.stride = stride
    }

    /// What is known of a checkout.
    subscript(number: Int) -> Mark {
        let index = (number - offset) / stride
        return marks.indices.contains(index) ? marks[index] : Mark()
    }

    /// The numbers that may have been sent.
    var numbers: StrideTo<Int> { Swift.stride(from: offset, to: offset + marks.count * stride, by: stride) }

    private mutating func change(_ number: Int, _ body: (inout Mark) -> Void) {
        let index = (number - offset) / stride
        while marks.count <= index { marks.append(Mark()) }
        body(&marks[index])
    }

    /// Remembers an answer.
    mutating func answered(_ request: LoadRequest, _ scanner: borrowing ResponseScanner) {
        answered(request, status: scanner.status, body: scanner.bodyStart)
    }

    /// Remembers an answer.
    mutating func answered(_ request: LoadRequest, status: Int, body: [UInt8]) {
        switch request {
        case .checkout(let number), .repetition(let number): checkedOut(number, status, body)
        case .purchase(let job) where status == 200: bought(job.code, body)
        case .guess:
            guesses += 1
            if status == 200 || status == 202 { goodGuesses += 1 }
        case .giveBack(let code) where status == 200:
            if let hold = HoldCode(parsing: code)?.holdID { released.append(hold) }
        case .purchase, .giveBack, .invalid, .scheduled: break
        }
    }

    /// Remembers that nobody knows what became of a request.
    mutating func failed(_ request: LoadRequest) {
        switch request {
        case .checkout(let number), .repetition(let number): change(number) { $0.unknown += 1 }
        case .purchase, .guess, .giveBack, .invalid, .scheduled: break
        }
    }

    private mutating func checkedOut(_ number: Int, _ status: Int, _ body: [UInt8]) {
        switch status {
        case 201:
            change(number) { $0.isHeld = true }
            if let code = HoldCodeText.find(in: body), let hold = HoldCode(parsing: code)?.holdID {
                holds.append(Held(holdID: hold, number: number))
            } else {
                unreadable += 1
            }
        case 409: change(number) { $0.refuse(.soldOut) }
        case 429: change(number) { $0.refuse(.userLimit) }
        case 403: change(number) { $0.refuse(.banned) }
        default: change(number) { $0.unknown += 1 }
        }
    }

    private mutating func bought(_ code: [UInt8], _ body: [UInt8]) {
        guard let hold = HoldCode(parsing: code)?.holdID else {
            unreadable += 1
            return
        }
        let unit = JSONMember.number(LoadHistory.unitName, in: body) ?? 0
        let sale = JSONMember.number(LoadHistory.saleName, in: body) ?? 0
        if unit == 0 || sale == 0 { unreadable += 1 }
        receipts.append(Receipt(holdID: hold, sale: sale, unit: unit))
    }
}
