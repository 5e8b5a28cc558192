import TestSupport

/// The tables of Postgres as psql shows them.
struct Books: Sendable, Equatable {
    struct SaleRow: Sendable, Equatable {
        let id, stock, limit: Int
    }

    struct AttemptRow: Sendable, Equatable {
        let sale, item: Int
        let outcome, user: String
        /// Epoch, seq and idx: the key of an attempt, which no index enforces.
        let key: String
    }

    struct LedgerRow: Sendable, Equatable {
        let sale: Int
        let kind, hold, user: String
        let item: Int
    }

    struct PurchaseRow: Sendable, Equatable {
        let sale, unit: Int
        let user: String
        let slot, item: Int
        let hold: String
    }

    var sales: [SaleRow] = []
    var attempts: [AttemptRow] = []
    /// In the order (sale, epoch, seq, idx).
    var ledger: [LedgerRow] = []
    var purchases: [PurchaseRow] = []
    var deadLetters = 0

    /// What the names of users begin with that a load test has made up; no buyer of the crowd has such a name.
    static let loadUsers = "load"

    /// The ledger of the crowd alone: the item of its rows is the number of an operation.
    var crowdLedger: [LedgerRow] { ledger.filter { !$0.user.hasPrefix(Books.loadUsers) } }

    /// Reads all of them.
    static func read(_ database: Database) async throws -> Books {
        var books = Books()
        books.sales = try await database.rows("select id, stock, user_limit from sales order by id") {
            SaleRow(id: try $0.int(0), stock: try $0.int(1), limit: try $0.int(2))
        }
        books.attempts = try await database.rows(
            """
            select sale_id, item_id, outcome::text, user_id, epoch || '/' || seq || '/' || idx from attempts
            where user_id not like '\(loadUsers)%'
            """
        ) {
            AttemptRow(sale: try $0.int(0), item: try $0.int(1), outcome: $0[2], user: $0[3], key: $0[4])
        }
        books.ledger = try await database.rows(
            """
            select sale_id, kind, encode(hold_id, 'hex'), user_id, item_id from ledger
            where kind in ('held', 'purchased', 'expired', 'released') order by sale_id, epoch, seq, idx
            """
        ) {
            LedgerRow(sale: try $0.int(0), kind: $0[1], hold: $0[2], user: $0[3], item: try $0.int(4))
        }
        books.purchases = try await database.rows(
            "select sale_id, unit, user_id, user_slot, item_id, encode(hold_id, 'hex') from purchases order by 1, 2"
        ) {
            PurchaseRow(
                sale: try $0.int(0),
                unit: try $0.int(1),
                user: $0[2],
                slot: try $0.int(3),
                item: try $0.int(4),
                hold: $0[5]
            )
        }
        books.deadLetters = try await database.number("select count(*) from dead_letter")
        return books
    }
}

/// A database that is asked with psql: nothing of what is tested is used to read it.
struct Database: Sendable {
    /// The folder of its socket.
    let socketFolder: String

    struct Row {
        let cells: [String]

        subscript(index: Int) -> String { index < cells.count ? cells[index] : "" }

        func int(_ index: Int) throws -> Int {
            guard let value = Int(self[index]) else {
                throw SuiteError("'\(self[index])' in a row of psql is no number")
            }
            return value
        }
    }

    func rows<Value>(_ statement: String, _ make: (Row) throws -> Value) async throws -> [Value] {
        let outcome = try await BuiltBinary.program([
            "/usr/bin/timeout", "60", "psql", "-h", socketFolder, "-U", "postgres", "-d", "postgres", "-X", "-A", "-t",
            "-q", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", statement,
        ])
        guard outcome.status == 0 else {
            throw SuiteError("psql ended with \(outcome.status) on `\(statement)`: \(outcome.talk)")
        }
        return try outcome.output.split(separator: "\n").map { line in
            try make(Row(cells: line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)))
        }
    }

    func number(_ statement: String) async throws -> Int {
        guard let number = try await rows(statement, { try $0.int(0) }).first else {
            throw SuiteError("no row for `\(statement)`")
        }
        return number
    }
}

/// The suite itself cannot go on; no statement about what it tests.
struct SuiteError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
