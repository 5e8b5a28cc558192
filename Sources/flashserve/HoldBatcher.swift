import Collections
import FlashSaleKit
import NIOCore

/// Collects what buyers do with their codes, purchases or releases, and has Redis decide them in batches per sale.
///
/// Lives on one event loop.
final class HoldBatcher {
    enum Operation {
        case purchase
        case release

        /// What its calls are counted as.
        var kind: BatchCounters.Kind {
            switch self {
            case .purchase: .purchase
            case .release: .release
            }
        }
    }

    private struct Claim {
        let hold: SaleHold
        let responder: Responder
    }

    private final class Batch {
        let saleID: SaleID
        /// When its first claim came.
        let since: NIODeadline
        var claims: [Claim] = []
        /// Set when later claims go into another batch.
        var isClosed = false

        init(saleID: SaleID, since: NIODeadline) {
            self.saleID = saleID
            self.since = since
        }
    }

    private unowned let server: LoopServer
    private let operation: Operation
    private var waiting: Deque<Batch> = []
    private var waitingCount = 0
    private var inFlight = 0
    private var waitLimit: WaitLimit
    private var lottery = LotteryTicket()

    init(server: LoopServer, operation: Operation) {
        self.server = server
        waitLimit = WaitLimit(server.times)
        self.operation = operation
    }

    /// Takes a code that reads well; it is answered in any case.
    func submit(_ code: HoldCode, responder: Responder) {
        guard waitingCount < Limits.waitingAttempts else { return responder(server.responses.fixed(.overloaded)) }
        let claim = Claim(hold: SaleHold(code.holdID, of: code.saleID), responder: responder)
        // The keys of a finished sale are gone from Redis: Postgres answers for it.
        guard server.schedule.sale(code.saleID) != nil else {
            return server.redis.isInstalled
                ? resolve(claim)
                : responder(server.responses.fixed(.unavailable))
        }
        if let batch = waiting.last(where: { $0.saleID == code.saleID && !$0.isClosed }),
            batch.claims.count < Limits.batch
        {
            batch.claims.append(claim)
        } else {
            let batch = Batch(saleID: code.saleID, since: server.coarseNow)
            batch.claims.append(claim)
            waiting.append(batch)
        }
        waitingCount += 1
        server.scheduleTick()
    }

    /// Sends what waits, as far as the limit of calls in flight allows.
    func sendWaiting() {
        while inFlight < Limits.batchesInFlight, let batch = waiting.popFirst() {
            waitingCount -= batch.claims.count
            send(batch)
        }
    }

    /// Refuses what has waited for too long; called four times a second.
    func refuseLate() {
        let now = server.now
        while let batch = waiting.first, waitLimit.isOver(batch.since, now: now) {
            waiting.removeFirst()
            waitingCount -= batch.claims.count
            answer(batch, .overloaded)
        }
        for batch in waiting { batch.isClosed = true }
    }

    private func send(_ batch: Batch) {
        let now = server.now
        guard !waitLimit.isOver(batch.since, now: now) else { return answer(batch, .overloaded) }
        guard let redis = server.redis.usable, let sale = server.schedule.sale(batch.saleID) else {
            return answer(batch, .unavailable)
        }
        inFlight += 1
        redis.send(command(for: batch, of: sale)) { result in
            self.inFlight -= 1
            let time = max(.zero, self.server.touchClock() - now)
            self.waitLimit.observed(time)
            self.server.counters.batch(self.operation.kind, size: batch.claims.count, after: time)
            if self.server.tracer != nil {
                for claim in batch.claims { claim.responder.asked(sale.id, size: batch.claims.count) }
            }
            self.receive(result, for: batch, of: sale)
            self.sendWaiting()
        }
    }

    private func command(for batch: Batch, of sale: LoopSale) -> RedisCommand {
        switch operation {
        case .purchase:
            PurchaseCall.command(
                keys: sale.keys,
                epoch: sale.epoch,
                confirmed: server.confirmedTime,
                claims: batch.claims.map { PurchaseCall.Claim(holdID: $0.hold.holdID, ticket: lottery.draw()) }
            )
        case .release:
            ReleaseCall.command(
                keys: sale.keys,
                epoch: sale.epoch,
                confirmed: server.confirmedTime,
                holdIDs: batch.claims.map(\.hold.holdID)
            )
        }
    }

    private func receive(_ result: Result<RedisReply, RedisError>, for batch: Batch, of sale: LoopSale) {
        do throws(RedisError) {
            let reply = try result.get()
            let count = batch.claims.count
            switch operation {
            case .purchase:
                settle(try PurchaseCall.parse(reply, count: count), batch, sale) { answerPurchases(batch, $0) }
            case .release:
                settle(try ReleaseCall.parse(reply, count: count), batch, sale) { answerReleases(batch, $0) }
            }
        } catch {
            server.failed(error)
            answer(batch, error.leavesDecisionUnknown ? .outcomeUnknown : .unavailable)
        }
    }

    private func settle<Decision>(
        _ reply: ScriptAnswer<Decision>,
        _ batch: Batch,
        _ sale: LoopSale,
        decided: (Decision) -> Void
    ) {
        server.observed(reply.status, reply.now)
        switch reply {
        case .decided(let decision, _): decided(decision)
        case .refused(.paused, _): answer(batch, .paused)
        case .refused(let status, _):
            server.refused(sale, status)
            answer(batch, .unavailable)
        }
    }

    private func answerPurchases(_ batch: Batch, _ outcomes: [PurchaseCall.Outcome]) {
        for (claim, outcome) in zip(batch.claims, outcomes) {
            switch outcome {
            case .purchased: wait(claim, replayed: false)
            case .alreadyPurchased: wait(claim, replayed: true)
            case .lapsed: claim.responder(server.responses.fixed(.expiredCode))
            case .unknown: resolve(claim)
            }
        }
        let purchased = outcomes.count { $0 == .purchased }
        server.counters.purchases &+= purchased
        if purchased > 0 { server.control.pokeLedgerDrain() }
    }

    private func answerReleases(_ batch: Batch, _ outcomes: [ReleaseCall.Outcome]) {
        for (claim, outcome) in zip(batch.claims, outcomes) {
            switch outcome {
            case .released: claim.responder(server.responses.fixed(.released))
            case .alreadyPurchased: claim.responder(server.responses.fixed(.alreadyPurchased))
            case .lapsed: claim.responder(server.responses.fixed(.expiredCode))
            case .unknown: resolve(claim)
            }
        }
    }

    /// Lapsed, released or never issued: Postgres knows which.
    private func resolve(_ claim: Claim) {
        server.waiters.resolve(claim.hold, responder: claim.responder, operation: operation)
    }

    private func wait(_ claim: Claim, replayed: Bool) {
        server.waiters.wait(for: claim.hold, responder: claim.responder, replayed: replayed)
    }

    private func answer(_ batch: Batch, _ reason: Responses.Fixed) {
        let answer = server.responses.fixed(reason)
        for claim in batch.claims { claim.responder(answer) }
    }
}

/// One purchase in a hundred wins: it carries a ticket in its metadata.
struct LotteryTicket {
    private var generator = BlockRandom()

    /// A ticket for one purchase in a hundred, empty for the others.
    mutating func draw() -> String {
        let bits = generator.next()
        guard bits % 100 == 0 else { return "" }
        return "WIN-" + String(bits / 100 % 0xFFFF_FFFF, radix: 16, uppercase: true)
    }
}
