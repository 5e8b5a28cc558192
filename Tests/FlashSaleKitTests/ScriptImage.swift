import Testing

@testable import FlashSaleKit

/// The whole state of a sale in comparable form: what is in Redis, or what a model says should be.
struct SaleImage: Equatable {
    var sale: [String: String] = [:]
    var users: [UserID: String] = [:]
    var bought: [UserID: String] = [:]
    var banned: [UserID: String] = [:]
    var holds: [String: String] = [:]
    var deadlines: [String: String] = [:]
    var receipts: [String: String] = [:]
    var settled: [String: String] = [:]

    /// What Redis holds. Only the fields that the rules speak of are taken from the sale hash.
    init(reading bench: SaleBench) async throws {
        let keys = bench.keys
        async let sale = Self.pairs(bench, "HGETALL", keys.sale)
        async let users = Self.named(bench, "HGETALL", keys.users)
        async let bought = Self.named(bench, "HGETALL", keys.bought)
        async let banned = Self.named(bench, "HGETALL", keys.banned)
        async let holds = Self.pairs(bench, "HGETALL", keys.holds)
        async let deadlines = Self.pairs(bench, "ZRANGE", keys.deadlines, "0", "-1", "WITHSCORES")
        async let settled = Self.pairs(bench, "ZRANGE", keys.settled, "0", "-1", "WITHSCORES")
        async let receipts = Self.pairs(bench, "HGETALL", keys.receipts)
        self.sale = try await sale.filter { Self.ruled.contains($0.key) }
        (self.users, self.bought, self.banned) = try await (users, bought, banned)
        (self.holds, self.deadlines, self.receipts) = try await (holds, deadlines, receipts)
        self.settled = try await settled
    }

    /// What the model expects.
    ///
    /// - Parameter epoch: of the keys, when it is not that of the model.
    init(_ model: SaleModel, epoch: Int64? = nil) {
        // A later epoch refuses the batches of those that were settled, and forgets them.
        if epoch == nil { for (id, end) in model.settled { settled["\(id)"] = String(end.microseconds) } }
        let epoch = String(epoch ?? model.epoch)
        sale = [
            "epoch": epoch, "state": model.finished ? "finished" : "open", "stock": String(model.stock),
            "free": String(model.free), "held": String(model.held), "sold": String(model.sold),
            "limit": String(model.limit), "hold_ms": String(model.holdMilliseconds),
            "opens_us": String(model.opensAt.microseconds), "closes_us": String(model.closesAt.microseconds),
            "checkout_paused": model.checkoutPaused ? "1" : "0", "purchase_paused": model.purchasePaused ? "1" : "0",
            "seq": String(model.sequence), "now_us": String(model.clock.microseconds),
        ]
        users = model.unitsOfUser.mapValues { String($0) }
        users[""] = epoch
        bought = model.soldOfUser.mapValues { String($0) }
        bought[""] = epoch
        banned = model.banned
        banned[""] = epoch
        holds = ["": epoch]
        deadlines = ["epoch:\(epoch)": "inf"]
        receipts = ["": epoch]
        for (id, hold) in model.openHolds {
            holds["\(id)"] = Self.text(hold) + (hold.keyed ? "1" : "0")
            deadlines["\(id)"] = String(hold.deadline.microseconds)
        }
        for (id, hold) in model.tombstones { holds["\(id)"] = Self.text(hold) + "x" }
        for (id, end) in model.settled { settled["\(id)"] = String(end.microseconds) }
        for (id, receipt) in model.receipts {
            let hold = receipt.hold
            receipts["\(id)"] =
                "\(receipt.unit)\t\(receipt.slot)\t\(hold.user.text)\t\(hold.itemID)\t\(receipt.ticket)\t"
                + "\(receipt.purchasedAt.microseconds)\t\(hold.deadline.microseconds)"
        }
    }

    private static let ruled: Set<String> = [
        "epoch", "state", "stock", "free", "held", "sold", "limit", "hold_ms", "opens_us", "closes_us",
        "checkout_paused", "purchase_paused", "seq", "now_us",
    ]

    private static func text(_ hold: SaleModel.Hold) -> String {
        "\(hold.user.text)\t\(hold.itemID)\t\(hold.deadline.microseconds)\t"
    }

    private static func named(_ bench: SaleBench, _ command: String...) async throws -> [UserID: String] {
        let reply = try await bench.client.send(RedisCommand(parts: command.map(RedisArgument.string)))
        let texts = try #require(reply.elements).compactMap(\.string)
        var pairs: [UserID: String] = [:]
        for index in stride(from: 0, to: texts.count, by: 2) {
            pairs[UserID(recorded: texts[index])] = texts[index + 1]
        }
        return pairs
    }

    private static func pairs(_ bench: SaleBench, _ command: String...) async throws -> [String: String] {
        let reply = try await bench.client.send(RedisCommand(parts: command.map(RedisArgument.string)))
        let texts = try #require(reply.elements).compactMap(\.string)
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: texts.count, by: 2) { pairs[texts[index]] = texts[index + 1] }
        return pairs
    }
}

/// Reads the journal of a sale as the records that the model writes.
struct JournalReader {
    typealias Record = SaleModel.Record

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    let bench: SaleBench
    private var ledgerCursor = "-"
    private var attemptsCursor = "-"

    init(_ bench: SaleBench) { self.bench = bench }

    /// The records that are new since the last call, of both streams in the order of their steps.
    mutating func next() async throws -> [Record] {
        var records: [(step: Int64, record: Record)] = []
        for fields in try await entries(bench.keys.attempts, &attemptsCursor) {
            records.append((try step(fields), try Self.attempts(fields)))
        }
        for fields in try await entries(bench.keys.ledger, &ledgerCursor) {
            for record in try ledger(fields) { records.append((try step(fields), record)) }
        }
        // Within a step the attempts come first; a stable sort keeps that.
        return records.enumerated()
            .sorted { ($0.element.step, $0.offset) < ($1.element.step, $1.offset) }
            .map(\.element.record)
    }

    private func entries(_ key: String, _ cursor: inout String) async throws -> [[(String, String)]] {
        let from = cursor == "-" ? "-" : "(" + cursor
        let reply = try await bench.client.send(RedisCommand("XRANGE", key, from, "+"))
        return try #require(reply.elements).map { entry in
            let parts = try #require(entry.elements)
            cursor = try #require(parts[0].string)
            let texts = try #require(parts[1].elements).compactMap(\.string)
            return stride(from: 0, to: texts.count, by: 2).map { (texts[$0], texts[$0 + 1]) }
        }
    }

    private func step(_ fields: [(String, String)]) throws -> Int64 {
        guard fields.count >= 3, fields[0] == ("e", String(bench.epoch)), fields[1].0 == "q", fields[2].0 == "t",
            let step = Int64(fields[1].1)
        else { throw Malformed(description: "\(fields)") }
        return step
    }

    private static func attempts(_ fields: [(String, String)]) throws -> Record {
        let names = fields.map(\.0).joined()
        let values = fields.map(\.1)
        guard names == "eqtvnfhsop", let sequence = Int64(values[1]), let at = Int64(values[2]),
            let count = Int(values[4]), let free = Int(values[5]), let held = Int(values[6]), let sold = Int(values[7])
        else { throw Malformed(description: "\(fields)") }
        var letters = Array(values[8].utf8)
        if letters.count == 1 { letters = Array(repeating: letters[0], count: count) }
        // Hold ids and keys are not on this stream.
        let attempts = try lines(values[9], fields: 2).map { line in
            SaleModel.Attempt(user: UserID(recorded: line[0]), itemID: try number(line[1]), holdID: nil)
        }
        guard letters.count == count, attempts.count == count else { throw Malformed(description: "\(fields)") }
        return .attempts(
            sequence: sequence,
            at: Timestamp(microseconds: at),
            free: free,
            held: held,
            sold: sold,
            letters: letters,
            attempts: attempts
        )
    }

    private static func lines(_ payload: String, fields: Int) throws -> [[String]] {
        guard payload.utf8.last == 10 else { throw Malformed(description: payload) }
        return try payload.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == fields else { throw Malformed(description: payload) }
            return parts
        }
    }

    private static func number<Number: FixedWidthInteger>(_ text: String) throws -> Number {
        guard let value = Number(text) else { throw Malformed(description: text) }
        return value
    }

    private static func holdID(_ text: String) throws -> HoldID {
        guard let id = HoldID(hex: Array(text.utf8)) else { throw Malformed(description: text) }
        return id
    }

    private func ledger(_ fields: [(String, String)]) throws -> [Record] {
        let names = fields.map(\.0).joined()
        let sequence = try step(fields)
        let at = Timestamp(microseconds: try Self.number(fields[2].1))
        let kind = fields[4].1
        let payload = fields[5].1
        guard names == (kind == "held" ? "eqtvkpd" : "eqtvkp") else { throw Malformed(description: names) }
        switch kind {
        case "opened":
            return try Self.lines(payload, fields: 5).map { line in
                let counts: [Int] = try line.map(Self.number)
                return .opened(
                    sequence: sequence,
                    at: at,
                    stock: counts[1],
                    free: counts[2],
                    held: counts[3],
                    sold: counts[4]
                )
            }
        case "held":
            let deadline = Timestamp(microseconds: try Self.number(fields[6].1))
            return try Self.lines(payload, fields: 5).map { line in
                let hold = SaleModel.Hold(
                    user: UserID(recorded: line[2]),
                    itemID: try Self.number(line[3]),
                    deadline: deadline,
                    keyed: line[4] == "1"
                )
                let holdID = try Self.holdID(line[1])
                return .held(sequence: sequence, at: at, index: try Self.number(line[0]), holdID: holdID, hold: hold)
            }
        case "purchased": return try purchased(payload, sequence, at)
        case "control":
            return try Self.lines(payload, fields: 5).map {
                .control(sequence: sequence, at: at, field: $0[1], value: $0[2], who: $0[3], why: $0[4])
            }
        case "ban", "unban":
            return try Self.lines(payload, fields: 4).map {
                .ban(
                    lifted: kind == "unban",
                    sequence: sequence,
                    at: at,
                    user: UserID(recorded: $0[1]),
                    who: $0[3],
                    why: $0[2]
                )
            }
        default:
            let end = try #require(Record.End(rawValue: kind))
            return try Self.lines(payload, fields: 4).map { line in
                .ended(
                    end,
                    sequence: sequence,
                    at: at,
                    index: try Self.number(line[0]),
                    holdID: try Self.holdID(line[1]),
                    user: UserID(recorded: line[2]),
                    itemID: try Self.number(line[3])
                )
            }
        }
    }

    /// The deadline of a bought hold is not on this stream; the caller fills it in.
    private func purchased(_ payload: String, _ sequence: Int64, _ at: Timestamp) throws -> [Record] {
        try Self.lines(payload, fields: 7).map { line in
            let hold = SaleModel.Hold(
                user: UserID(recorded: line[4]),
                itemID: try Self.number(line[5]),
                deadline: Timestamp(microseconds: 0),
                keyed: false
            )
            let receipt = SaleModel.Receipt(
                unit: try Self.number(line[2]),
                slot: try Self.number(line[3]),
                hold: hold,
                ticket: line[6],
                purchasedAt: at
            )
            let holdID = try Self.holdID(line[1])
            return .purchased(
                sequence: sequence,
                at: at,
                index: try Self.number(line[0]),
                holdID: holdID,
                receipt: receipt
            )
        }
    }
}

extension SaleModel.Record {
    /// The record without what the streams do not tell.
    var asOnStream: SaleModel.Record {
        switch self {
        case .attempts(let sequence, let at, let free, let held, let sold, let letters, let attempts):
            return .attempts(
                sequence: sequence,
                at: at,
                free: free,
                held: held,
                sold: sold,
                letters: letters,
                attempts: attempts.map { SaleModel.Attempt(user: $0.user, itemID: $0.itemID, holdID: nil) }
            )
        case .purchased(let sequence, let at, let index, let holdID, var receipt):
            receipt.hold.deadline = Timestamp(microseconds: 0)
            receipt.hold.keyed = false
            return .purchased(sequence: sequence, at: at, index: index, holdID: holdID, receipt: receipt)
        default: return self
        }
    }
}
