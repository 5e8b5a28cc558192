/// What an operator asks about.
public enum Subject: Sendable, Equatable {
    /// What became of one hold.
    case hold(HoldID)
    /// Everything that a user did.
    case user(UserID)
    /// What became of one numbered item of a sale.
    case unit(Int64)

    /// How a text is meant.
    public enum Kind: String, Sendable, CaseIterable {
        /// What a buyer got: names its sale and, hashed, its hold.
        case code
        /// 32 hexadecimal digits.
        case hold
        /// 1–255 bytes without control characters.
        case user
        /// 1…2^31−1.
        case unit
    }

    /// What a text means, and the sale that it names, if it does. Nil when it is nothing of that kind.
    ///
    /// - Parameter kind: nil to find out: a code, else a hold id, else a unit, else a user.
    public static func read(_ text: String, as kind: Kind? = nil) -> (subject: Subject, sale: SaleID?)? {
        switch kind {
        case .code: HoldCode(parsing: Array(text.utf8)).map { (.hold($0.holdID), $0.saleID) }
        case .hold: HoldID(hex: Array(text.lowercased().utf8)).map { (.hold($0), nil) }
        case .unit: unit(text).map { (.unit($0), nil) }
        case .user: UserID(text).map { (.user($0), nil) }
        case nil:
            read(text, as: .code) ?? read(text, as: .hold) ?? read(text, as: .unit) ?? read(text, as: .user)
        }
    }

    private static func unit(_ text: String) -> Int64? {
        guard let number = Decimal63.parse(Array(text.utf8)), (1...Int64(Int32.max)).contains(number) else {
            return nil
        }
        return number
    }

    /// What kind it is; a code is a hold once it has been read.
    public var kind: Kind {
        switch self {
        case .hold: .hold
        case .user: .user
        case .unit: .unit
        }
    }

    /// As people may see it.
    public var shown: String {
        switch self {
        case .hold, .unit: text
        case .user(let user): user.description
        }
    }

    /// Its exact text, for programs.
    public var text: String {
        switch self {
        case .hold(let id): id.description
        case .user(let user): user.text
        case .unit(let number): String(number)
        }
    }
}

extension Subject {
    /// Whether a text is nearly a code: a number and a dash in front of some twenty letters and digits. It may be one
    /// with a slip of the pen, and then it is nearly as secret.
    public static func resemblesCode(_ text: String) -> Bool {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...13).contains(parts[0].count), (20...32).contains(parts[1].count) else {
            return false
        }
        return parts.allSatisfy { part in
            part.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & ~0x20)
            }
        }
    }
}
