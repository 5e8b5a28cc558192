import Logging
import NIOCore
import NIOPosix

@testable import FlashSaleKit

/// A private Redis and Postgres with the schema, for the tests of the journal, the schedule and the recovery.
struct Shop: Sendable {
    let stack: LocalStack
    let redis: RedisClient
    let postgres: PostgresConnection

    /// Runs `body` with fresh stores and removes them.
    static func with(_ body: @Sendable (Shop) async throws -> Void) async throws {
        try await LocalStack.withTemporary { stack in
            let postgres = try await connectPostgres(stack)
            try await Migrator().migrate(postgres)
            let redis = try await connectRedis(stack)
            for command in SaleScript.loadCommands { _ = try await redis.send(command) }
            try await body(Shop(stack: stack, redis: redis, postgres: postgres))
            await redis.close()
            await postgres.close()
        }
    }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func connectRedis(_ stack: LocalStack) async throws -> RedisClient {
        try await RedisClient.connect(
            to: RedisEndpoint(parsing: stack.redisURL),
            on: MultiThreadedEventLoopGroup.singleton,
            options: .patient(),
            logger: logger
        )
    }

    static func connectPostgres(_ stack: LocalStack, database: String? = nil) async throws -> PostgresConnection {
        var endpoint = try PostgresEndpoint(parsing: stack.postgresURL)
        if let database { endpoint = endpoint.database(database) }
        return try await PostgresConnection.connect(to: endpoint, options: .patient(), logger: logger)
    }

    /// The same stores through two new connections, as another process has them.
    func anotherProcess() async throws -> Shop {
        Shop(
            stack: stack,
            redis: try await Shop.connectRedis(stack),
            postgres: try await Shop.connectPostgres(stack)
        )
    }

    var store: SaleStore { SaleStore(postgres: postgres) }

    /// Terms of a sale that is open now.
    static func terms(
        stock: Int = 100,
        limit: Int = 10,
        holdMilliseconds: Int64 = 60_000,
        opensAgo: Int64 = 60_000,
        closesIn: Int64 = 3_600_000,
        now: Timestamp
    ) -> SaleTerms {
        SaleTerms(
            itemName: "Lamp",
            imageURL: "https://example.com/lamp.jpg",
            stock: stock,
            userLimit: limit,
            holdMilliseconds: holdMilliseconds,
            opensAt: now.adding(milliseconds: -opensAgo),
            closesAt: now.adding(milliseconds: closesIn),
            hourly: false,
            test: true
        )
    }

    /// A sale that is open in both stores.
    func openSale(
        stock: Int = 100,
        limit: Int = 10,
        holdMilliseconds: Int64 = 60_000,
        opensAgo: Int64 = 60_000,
        closesIn: Int64 = 3_600_000
    ) async throws -> OpenSale {
        let terms = Shop.terms(
            stock: stock,
            limit: limit,
            holdMilliseconds: holdMilliseconds,
            opensAgo: opensAgo,
            closesIn: closesIn,
            now: try await store.now()
        )
        let sale = try await SaleOpener(redis: redis, postgres: postgres).open(try await store.seed(terms).sale)
        guard let epoch = sale.epoch else { throw ShopError("the opened sale has no epoch") }
        return OpenSale(shop: self, sale: sale, epoch: epoch)
    }

    /// Lets Postgres refuse, as values that cannot be stored, the rows of users whose names go beyond Latin 1.
    func refuseNamesBeyondLatin() async throws {
        try await postgres.transaction { session in
            try session.execute(
                script: """
                    create function refuse_name() returns trigger language plpgsql as $$
                    begin
                        if new.user_id ~ U&'[^\\0001-\\00FF]' then
                            raise exception 'this name cannot be stored' using errcode = '22P05';
                        end if;
                        return new;
                    end $$;
                    create trigger refused before insert on attempts for each row execute function refuse_name();
                    create trigger refused before insert on ledger for each row execute function refuse_name();
                    """
            )
        }
    }

    /// A number from Postgres.
    func count(_ sql: SQL) async throws -> Int {
        try await postgres.query(sql).one()[0].int
    }

    /// A text from Postgres.
    func text(_ sql: SQL) async throws -> String {
        try await postgres.query(sql).one()[0].text
    }
}

struct ShopError: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

/// A sale that is open, and what buyers do with it.
struct OpenSale: Sendable {
    let shop: Shop
    let sale: Sale
    var epoch: Int64

    var id: SaleID { sale.id }
    var keys: SaleKeys { SaleKeys(sale.id) }

    var ledgerDrain: LedgerDrain { LedgerDrain(redis: shop.redis, postgres: shop.postgres) }
    var attemptsDrain: AttemptsDrain { AttemptsDrain(redis: shop.redis, postgres: shop.postgres) }

    /// One batch of checkouts for item 7; the codes' hold ids, whatever the outcomes are.
    @discardableResult
    func checkout(_ users: [String], expect letters: String? = nil) async throws -> [HoldID] {
        var payload = ByteBuffer()
        var holdIDs = ByteBuffer()
        var codes = CodeGenerator()
        let holds = users.map { _ in codes.next(for: id).holdID }
        for (user, hold) in zip(users, holds) {
            CheckoutCall.appendAttempt(user: user.utf8, itemID: 7, to: &payload)
            CheckoutCall.append(hold, to: &holdIDs)
        }
        let command = CheckoutCall.command(
            keys: keys,
            epoch: epoch,
            confirmed: try await shop.store.now(),
            count: users.count,
            payload: payload,
            holdIDs: holdIDs
        )
        let reply = try CheckoutCall.parse(try await shop.redis.send(command), count: users.count)
        guard let decision = reply.decision else { throw ShopError("the checkout was refused: \(reply.status)") }
        let found = users.indices.map { Character(UnicodeScalar(decision.letter(at: $0))) }
        if let letters, String(found) != letters { throw ShopError("\(String(found)) instead of \(letters)") }
        return holds
    }

    @discardableResult
    func purchase(_ holds: [HoldID], ticket: String = "") async throws -> [PurchaseCall.Outcome] {
        let command = PurchaseCall.command(
            keys: keys,
            epoch: epoch,
            confirmed: try await shop.store.now(),
            claims: holds.map { PurchaseCall.Claim(holdID: $0, ticket: ticket) }
        )
        let reply = try PurchaseCall.parse(try await shop.redis.send(command), count: holds.count)
        guard let outcomes = reply.decision else { throw ShopError("the purchase was refused: \(reply.status)") }
        return outcomes
    }

    @discardableResult
    func release(_ holds: [HoldID]) async throws -> [ReleaseCall.Outcome] {
        let reply = try await shop.redis.send(
            ReleaseCall.command(keys: keys, epoch: epoch, confirmed: shop.store.now(), holdIDs: holds)
        )
        return try ReleaseCall.parse(reply, count: holds.count).decision ?? []
    }

    /// Lets the sale end now, as time would.
    func end() async throws {
        let row = try await shop.postgres.query(
            "update sales set closes_at = clock_timestamp() where id = \(id) returning closes_at"
        ).one()
        let closes = try row["closes_at"].timestamp.microseconds
        _ = try await shop.redis.send(RedisCommand("HSET", keys.sale, "closes_us", "\(closes)"))
    }

    /// Lets a hold lapse now, as time would.
    func lapse(_ hold: HoldID) async throws {
        let id = String(decoding: hold.hex, as: UTF8.self)
        let reply = try await shop.redis.send(RedisCommand("HGET", keys.holds, id))
        var fields = (reply.string ?? "").split(separator: "\t").map(String.init)
        guard fields.count == 4 else { throw ShopError("there is no such hold") }
        fields[2] = "\(try await shop.store.now().microseconds)"
        _ = try await shop.redis.send(RedisCommand("HSET", keys.holds, id, fields.joined(separator: "\t")))
        _ = try await shop.redis.send(RedisCommand("ZADD", keys.deadlines, fields[2], id))
    }

    /// Waits until everything in the journal is of an earlier second of Redis: a drain counts ages in whole seconds.
    func waitForNextSecond() async throws {
        let second = try await RedisTime.read(shop.redis).microseconds / 1_000_000
        try await eventually { try await RedisTime.read(shop.redis).microseconds / 1_000_000 > second }
    }

    func expire() async throws -> Int {
        let reply = try await shop.redis.send(
            ExpireCall.command(keys: keys, epoch: epoch, confirmed: shop.store.now())
        )
        return try ExpireCall.parse(reply).decision?.expired ?? 0
    }

    func snapshot() async throws -> SaleSnapshot {
        guard let snapshot = try SnapshotCall.parse(try await shop.redis.send(SnapshotCall.command(keys: keys))) else {
            throw ShopError("there is no sale key")
        }
        return snapshot
    }

    /// Drains one stream to its end with this drain.
    static func drainAll(_ drain: (SaleID, Int64) async throws -> DrainResult, _ id: SaleID, _ epoch: Int64)
        async throws -> DrainResult
    {
        var total = DrainResult()
        while true {
            let result = try await drain(id, epoch)
            total.entries += result.entries
            total.rows += result.rows
            total.deadLetters += result.deadLetters
            total.purchases += result.purchases
            total.lastID = result.lastID
            if result.entries == 0, !result.busy { return total }
        }
    }

    @discardableResult
    func drainLedger() async throws -> DrainResult {
        try await OpenSale.drainAll(ledgerDrain.drainOnce, id, epoch)
    }

    @discardableResult
    func drainAttempts() async throws -> DrainResult {
        try await OpenSale.drainAll(attemptsDrain.drainOnce, id, epoch)
    }

    /// A purchase in Postgres that the ledger knows nothing of: its records do not add up any more.
    func addPurchaseWithoutLedger() async throws {
        _ = try await shop.postgres.query(
            """
            insert into purchases
            select id, 77, stock, user_limit, 'stranger', 1, 7, decode(md5('stranger' || id), 'hex'), '', now()
            from sales where id = \(id)
            """
        )
    }

    /// Validates as a server does; the sale at its epoch of then.
    func validated(_ shop: Shop? = nil) async throws -> OpenSale {
        let shop = shop ?? self.shop
        let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
        guard let epoch = validated.epochs[id] else { throw ShopError("the sale is shut: \(validated.shut)") }
        return OpenSale(shop: shop, sale: sale, epoch: epoch)
    }

    /// Puts an entry into a stream as no script would.
    func push(_ stream: JournalStream, _ fields: [(String, [UInt8])]) async throws {
        var parts: [RedisArgument] = [.string("XADD"), .string(stream.key(keys)), "*"]
        for (name, value) in fields { parts += [.string(name), .bytes(value)] }
        _ = try await shop.redis.send(RedisCommand(parts: parts))
    }

    func pushAttempts(_ payload: [UInt8], letters: String, count: Int, seq: Int = 900) async throws {
        try await push(
            .attempts,
            [
                ("e", Array("\(epoch)".utf8)), ("q", Array("\(seq)".utf8)), ("t", Array("1700000000000001".utf8)),
                ("n", Array("\(count)".utf8)), ("f", [48]), ("h", [48]), ("s", [48]), ("o", Array(letters.utf8)),
                ("p", payload),
            ]
        )
    }

    func pushLedger(_ kind: String, _ payload: String, seq: Int, deadline: Int64? = nil) async throws {
        var fields: [(String, [UInt8])] = [
            ("e", Array("\(epoch)".utf8)), ("q", Array("\(seq)".utf8)), ("t", Array("1700000000000001".utf8)),
            ("k", Array(kind.utf8)), ("p", Array(payload.utf8)),
        ]
        if let deadline { fields.append(("d", Array("\(deadline)".utf8))) }
        try await push(.ledger, fields)
    }
}
