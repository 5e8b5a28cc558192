/// What a request asks for; it decides what a status means.
enum LoadKind: Sendable, Equatable {
    case checkout, purchase, giveBack
}

extension LoadOutcome {
    /// What an answer means.
    init(_ kind: LoadKind, status: Int, body: [UInt8]) {
        self =
            switch (kind, status) {
            case (.checkout, 201): .held
            case (.checkout, 409): .soldOut
            case (.checkout, 429): .userLimit
            case (.checkout, 403): .banned
            case (.purchase, 200): .purchased
            case (.purchase, 202): .pending
            case (.giveBack, 200): .released
            case (.giveBack, 409): .alreadyPurchased
            case (.purchase, 404), (.giveBack, 404): LoadOutcome.ofCode(body)
            case (_, 400), (_, 408), (_, 413), (_, 414), (_, 431): .badRequest
            case (_, 503): .unavailable
            default: .serverError
            }
    }

    /// How a request ended that got no answer.
    init(_ kind: NetworkErrorKind) {
        self = kind == .timeout || kind == .connectTimeout ? .timedOut : .networkError
    }

    private static let expired = Array("expired_code".utf8)

    private static func ofCode(_ body: [UInt8]) -> LoadOutcome {
        body[ErrorCodeText.find(in: body)].elementsEqual(expired) ? .expiredCode : .unknownCode
    }

    static let count = allCases.count

    /// Its place in tables.
    var ordinal: Int {
        switch self {
        case .held: 0
        case .soldOut: 1
        case .userLimit: 2
        case .banned: 3
        case .purchased: 4
        case .pending: 5
        case .unknownCode: 6
        case .expiredCode: 7
        case .released: 8
        case .alreadyPurchased: 9
        case .badRequest: 10
        case .unavailable: 11
        case .serverError: 12
        case .timedOut: 13
        case .networkError: 14
        }
    }
}
