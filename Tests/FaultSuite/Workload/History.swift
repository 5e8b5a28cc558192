import Foundation
import Synchronization

/// What a client knows of one request.
enum Answer: Sendable, Equatable {
    /// The server answered.
    case reply(Int, error: String?)
    /// Nobody listened: nothing can have happened.
    case refused
    /// Cut off or too late: it may have happened.
    case unknown
}

/// One request of one client, as the client remembers it.
struct Operation: Sendable, Equatable {
    enum Kind: String, Sendable { case checkout, purchase, release, guess }

    /// Also the item id of a checkout: so each attempt can be found in the tables.
    let number: Int
    let kind: Kind
    let user: String
    /// The code that was sent; empty for a checkout.
    let code: String
    /// The Idempotency-Key of a checkout.
    let key: String?
    let server: Int
    /// Microseconds since 1970, as everything in this file.
    let sentAt: Int64
    var endedAt: Int64 = .max
    /// Nil as long as it waits.
    var answer: Answer?
    var gotCode: String?
    var gotSale: Int?
    var gotItem: Int?
    var gotUnit: Int?
    /// Until when the code that was got can be used, microseconds since 1970.
    var gotDeadline: Int64?

    var status: Int? {
        if case .reply(let status, _)? = answer { return status }
        return nil
    }

    /// The letter that `attempts` must have for a checkout; nil when nothing was decided or nobody knows.
    var decision: String? {
        guard kind == .checkout, case .reply(let status, let error)? = answer else { return nil }
        switch (status, error) {
        case (201, _): return "H"
        case (403, "banned"): return "B"
        case (409, "sold_out"): return "S"
        case (429, "user_limit"): return "L"
        default: return nil
        }
    }

    /// The purchase was answered with a receipt.
    var isReceipt: Bool { kind == .purchase && status == 200 }
}

/// Everything that all clients of a run asked and were told: the books of the test, kept outside of the system.
final class History: Sendable {
    private let operations = Mutex<[Operation]>([])

    var all: [Operation] { operations.withLock { $0 } }
    var count: Int { operations.withLock { $0.count } }

    /// Remembers a request before it is sent; numbers count from 1.
    func begin(_ kind: Operation.Kind, user: String, code: String = "", key: String? = nil, server: Int) -> Int {
        operations.withLock { operations in
            let number = operations.count + 1
            operations.append(
                Operation(
                    number: number,
                    kind: kind,
                    user: user,
                    code: code,
                    key: key,
                    server: server,
                    sentAt: History.now
                )
            )
            return number
        }
    }

    /// Remembers what became of it.
    func end(_ number: Int, _ change: (inout Operation) -> Void) {
        operations.withLock { operations in
            operations[number - 1].endedAt = History.now
            change(&operations[number - 1])
        }
    }

    /// Requests since `instant` that were cut off, and that nobody could repeat with an answer. A reused connection may
    /// end under a request (RFC 9112, 9.5): whoever has a key or a code asks again.
    func unanswered(since instant: Int64) -> [Operation] {
        let later = all.filter { $0.sentAt >= instant && $0.kind != .guess }
        let codes = Set(later.filter { $0.status != nil }.map(\.code))
        let keys = Set(later.filter { $0.status != nil }.compactMap(\.key))
        return later.filter { operation in
            guard operation.answer == .unknown else { return false }
            return operation.kind == .checkout
                ? operation.key.map { !keys.contains($0) } ?? true : !codes.contains(operation.code)
        }
    }

    /// The servers of which one of the last three answers to checkouts sent since `instant` is no 503. A server that
    /// nobody has asked sells nothing.
    func selling(since instant: Int64, servers: Int) -> [Int] {
        let answered = all.filter { $0.kind == .checkout && $0.sentAt >= instant && $0.status != nil }
        return (0..<servers).filter { server in
            let last = answered.filter { $0.server == server }.sorted { $0.sentAt < $1.sentAt }.suffix(3)
            return last.contains { $0.status != 503 }
        }
    }

    /// Checkouts sent since `instant` that were decided, and those that were refused with 503.
    func answers(since instant: Int64) -> (decided: Int, refused: Int) {
        let later = all.filter { $0.kind == .checkout && $0.sentAt >= instant }
        return (later.count { $0.decision != nil }, later.count { $0.status == 503 })
    }

    /// When the sale sold again after `instant`: a decided checkout and a receipt, both asked for after it.
    func recovery(after instant: Int64) -> Int64? {
        let later = all.filter { $0.sentAt >= instant }
        guard let checkout = later.filter({ $0.decision != nil }).map(\.endedAt).min(),
            let receipt = later.filter(\.isReceipt).map(\.endedAt).min()
        else { return nil }
        return max(checkout, receipt) - instant
    }

    /// A time of an answer, e.g. `2026-11-22T21:05:00.000Z`; nil when it is none.
    static func time(_ text: String) -> Int64? {
        guard let date = try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text) else { return nil }
        return Int64((date.timeIntervalSince1970 * 1e6).rounded())
    }

    /// Now.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e6) }
}
