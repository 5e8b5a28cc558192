import TestSupport
import Testing

@testable import FlashSaleKit

/// A sale is opened once, whoever tries and whoever is killed.
struct OpenerTests {
    @Test func openingIsIdempotent() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 5)
            try await open.checkout(["anna"])
            let again = try await SaleOpener(redis: shop.redis, postgres: shop.postgres).open(open.sale)
            #expect(again == open.sale)
            let snapshot = try await open.snapshot()
            #expect(snapshot.held == 1)
            #expect(snapshot.stock == 5)
            #expect(snapshot.epoch == open.epoch)
            #expect(snapshot.isConsistent)
            #expect(snapshot.installation == (try await Installation.read(shop.postgres)).id)
            #expect(try await shop.count("select count(*) from ledger") == 0, "not drained yet")
            try await open.drainLedger()
            #expect(try await shop.count("select count(*) from ledger where kind = 'opened'") == 1)
        }
    }

    @Test func racingServersOpenOneSale() async throws {
        try await Shop.with { shop in
            let sale = try await shop.store.seed(Shop.terms(now: try await shop.store.now())).sale
            let opened = try await withThrowingTaskGroup(of: Sale.self) { group in
                for _ in 0..<5 {
                    let other = try await shop.anotherProcess()
                    let opener = SaleOpener(
                        redis: other.redis,
                        postgres: other.postgres,
                        patience: TestPatience.limit
                    )
                    group.addTask { try await opener.open(sale) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(opened.map(\.epoch)).count == 1)
            let open = OpenSale(shop: shop, sale: opened[0], epoch: try #require(opened[0].epoch))
            try await open.checkout(["anna"], expect: "H")
            #expect(try await open.drainLedger().rows == 2)
        }
    }

    /// Killed after each of its steps, an opening leaves a sale that nobody can use and that the next one opens.
    @Test(arguments: 0..<5) func anOpeningThatWasKilledIsRepeated(stepsDone: Int) async throws {
        try await Shop.with { shop in
            let sale = try await shop.store.seed(Shop.terms(now: try await shop.store.now())).sale
            let steps = EpochSteps(redis: shop.redis, postgres: shop.postgres)
            let keys = SaleKeys(sale.id)
            let now = try await shop.store.now()
            let epoch = try await steps.takeEpoch()
            if stepsDone > 0 { try await steps.raiseCursors(of: [sale.id], to: epoch) }
            if stepsDone > 1 { _ = try await steps.fence(sale.id, epoch) }
            if stepsDone > 2 {
                let lineage = try await LineageStore(postgres: shop.postgres).current()
                let state = RestoreCall.Begin(
                    terms: sale.terms,
                    clockFloor: now,
                    installation: "x",
                    lineage: lineage
                )
                try await steps.restore(RestoreCall.begin(keys: keys, epoch: epoch, state), "begin", sale.id)
            }
            if stepsDone > 3 {
                let open = RestoreCall.open(keys: keys, epoch: epoch, kind: .opened, sold: 0, confirmed: now)
                try await steps.restore(open, "open", sale.id)
            }
            #expect(try await shop.store.find(sale.id)?.epoch == nil, "nobody may use it yet")
            let opened = try await SaleOpener(redis: shop.redis, postgres: shop.postgres).open(sale)
            let open = OpenSale(shop: shop, sale: opened, epoch: try #require(opened.epoch))
            #expect(open.epoch > epoch)
            try await open.checkout(["anna"], expect: "H")
            try await open.drainLedger()
            #expect(try await shop.count("select count(*) from ledger where kind = 'opened'") == 1)
            // Whoever was stopped in the middle and wakes up now can no longer do anything.
            let late = try await shop.redis.send(
                RestoreCall.open(keys: keys, epoch: epoch, kind: .opened, sold: 0, confirmed: now)
            )
            #expect(try RestoreCall.parse(late).status == .wrongEpoch)
            #expect(try await open.snapshot().held == 1)
        }
    }

    @Test func aSaleWithAHistoryIsNeverBegunAgain() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 1)
            let holds = try await open.checkout(["anna"])
            try await open.purchase(holds)
            try await open.drainLedger()
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            // An operator who believes that the sale must be opened anew would sell its stock twice.
            _ = try await shop.postgres.query("update sales set opened_in_redis_at = null where id = \(open.id)")
            let error = await #expect(throws: RecoveryError.self) {
                _ = try await SaleOpener(redis: shop.redis, postgres: shop.postgres).open(open.sale)
            }
            #expect(error?.code == .rebuildNeeded([open.id]))
            #expect(try await shop.redis.send(RedisCommand("EXISTS", open.keys.sale)).integerValue == 0)
        }
    }

    @Test func waitingForAnotherOpeningHasAnEnd() async throws {
        try await Shop.with { shop in
            let sale = try await shop.store.seed(Shop.terms(now: try await shop.store.now())).sale
            let other = try await shop.anotherProcess()
            let opener = SaleOpener(redis: other.redis, postgres: other.postgres, patience: .milliseconds(50))
            let tried = try await AdvisoryLock.recovery.whileHeld(on: shop.postgres, patience: .zero) {
                await #expect(throws: ScheduleError.self) { _ = try await opener.open(sale) }?.code
            }
            #expect(tried == .locked)
            _ = try await opener.open(sale)
        }
    }

    @Test func unknownAndFinishedSalesAreNotOpened() async throws {
        try await Shop.with { shop in
            var sale = try await shop.store.seed(Shop.terms(now: try await shop.store.now())).sale
            let opener = SaleOpener(redis: shop.redis, postgres: shop.postgres)
            _ = try await shop.postgres.query("update sales set finished_at = now()")
            let finished = await #expect(throws: ScheduleError.self) { _ = try await opener.open(sale) }
            #expect(finished?.code == .finished)
            sale.id = try #require(SaleID(4711))
            let unknown = await #expect(throws: ScheduleError.self) { _ = try await opener.open(sale) }
            #expect(unknown?.code == .unknownSale)
        }
    }
}
