import Collections
import FlashSaleKit
import NIOCore

/// Collects the checkouts of one event loop and has Redis decide them in batches: group commit without a timer. What
/// arrives while two calls are in flight waits together for the next one, so batches grow with the load.
///
/// Lives on one event loop.
final class CheckoutBatcher {
    private unowned let server: LoopServer
    private var waiting: Deque<CheckoutBatch> = []
    private var spare: [CheckoutBatch] = []
    private var waitingCount = 0
    private var inFlight = 0
    private var waitLimit: WaitLimit
    private var generator = CodeGenerator()
    private var holdIDs = ByteBuffer()
    private var keyFlags = ByteBuffer()

    init(server: LoopServer) {
        self.server = server
        waitLimit = WaitLimit(server.times)
    }

    /// Takes a valid checkout; it is decided or refused in any case.
    func submit(user: [UInt8], itemID: Int64, key: [UInt8]?, responder: Responder) {
        // A buyer who has a code may ask for it again whatever the load: that decides nothing.
        let onlyRepeats = server.refusesCheckouts
        guard waitingCount < server.waitingAttempts, !onlyRepeats || key != nil else {
            server.counters.refused(.overloaded, 1)
            return responder(server.responses.fixed(.overloaded))
        }
        let batch: CheckoutBatch
        if let last = waiting.last, last.count < Limits.batch, !last.isClosed {
            batch = last
        } else {
            batch = spare.popLast() ?? CheckoutBatch()
            batch.since = server.coarseNow
            waiting.append(batch)
        }
        batch.add(user: user, itemID: itemID, key: key, onlyRepeats: onlyRepeats, responder: responder)
        waitingCount += 1
        server.scheduleTick()
    }

    /// Sends what waits, as far as the limit of calls in flight allows. Called once per tick and after each reply.
    func sendWaiting() {
        while inFlight < Limits.batchesInFlight, let batch = waiting.popFirst() {
            waitingCount -= batch.count
            send(batch)
        }
    }

    /// Refuses what has waited for too long; called four times a second. Attempts that come later may be in time when
    /// those are not, so they go into a batch of their own.
    func refuseLate() {
        let now = server.now
        while let batch = waiting.first, waitLimit.isOver(batch.since, now: now) {
            waiting.removeFirst()
            waitingCount -= batch.count
            refuse(batch, .overloaded)
        }
        waiting.last?.isClosed = true
    }

    private func send(_ batch: CheckoutBatch) {
        let now = server.now
        guard let redis = server.redis.usable else { return refuse(batch, .unavailable) }
        guard !waitLimit.isOver(batch.since, now: now) else { return refuse(batch, .overloaded) }
        guard let sale = server.schedule.current(now) else { return refuseWithoutSale(batch) }
        guard !server.salesWithGap.contains(sale.id) else { return refuse(batch, .unavailable) }
        holdIDs.clear()
        keyFlags.clear()
        if sale.lastBatchSoldOut, !batch.hasKeys {
            batch.dropCodes()
        } else {
            batch.drawCodes(for: sale.id, generator: &generator, secret: server.secret, holdIDs: &holdIDs)
            batch.writeKeyFlags(to: &keyFlags)
        }
        var command = ByteBuffer()
        sale.encoder.encode(
            confirmed: server.confirmedTime,
            count: batch.count,
            payload: batch.payload,
            holdIDs: holdIDs,
            keyed: keyFlags,
            into: &command
        )
        inFlight += 1
        redis.send(RedisCommand(encoded: command)) { result in
            self.inFlight -= 1
            let time = max(.zero, self.server.touchClock() - now)
            self.waitLimit.observed(time)
            self.server.counters.batch(.checkout, size: batch.count, after: time)
            if self.server.tracer != nil {
                for attempt in batch.attempts { attempt.responder.asked(sale.id, size: batch.count) }
            }
            self.receive(result, for: batch, of: sale)
            self.sendWaiting()
        }
    }

    private func receive(_ result: Result<RedisReply, RedisError>, for batch: CheckoutBatch, of sale: LoopSale) {
        do throws(RedisError) {
            let reply = try CheckoutCall.parse(result.get(), count: batch.count)
            server.observed(reply.status, reply.now)
            switch reply {
            case .decided(let decision, _): answer(batch, decision, sale)
            case .refused(let status, _): refused(batch, status, sale)
            }
        } catch {
            // Whether the script ran is unknown: the batch is never sent again. If it ran, or still runs, the journal
            // has the attempts, and the holds are settled.
            let isUnknown = error.leavesDecisionUnknown
            if isUnknown { server.settlement.keep(batch.unkeyedHoldIDs, of: sale) }
            server.failed(error)
            // `maxmemory` is reached: the script was refused before its first write, and works again by itself.
            refuse(batch, isUnknown ? .outcomeUnknown : error.code == .server("OOM") ? .overloaded : .unavailable)
        }
    }

    private func refused(_ batch: CheckoutBatch, _ status: ScriptStatus, _ sale: LoopSale) {
        switch status {
        case .notOpen, .closed: moveOn(batch, from: sale)
        case .paused: refuse(batch, .paused)
        case .resendWithHoldIDs:
            sale.lastBatchSoldOut = false
            send(batch)
        case .newerFormat: refuse(batch, .unavailable)
        case .wrongEpoch, .otherLineage, .clockJumped, .decided:
            server.refused(sale, status)
            refuse(batch, .unavailable)
        }
    }

    private func answer(_ batch: CheckoutBatch, _ decision: CheckoutCall.Decision, _ sale: LoopSale) {
        let responses = server.responses
        var refusedOnly = true
        for (index, attempt) in batch.attempts.enumerated() {
            let letter = decision.letter(at: index)
            server.counters.decided(letter)
            switch letter {
            case Outcome.soldOut.rawValue: attempt.responder(responses.fixed(.soldOut))
            case Outcome.userLimit.rawValue:
                refusedOnly = false
                attempt.responder(responses.fixed(.userLimit))
            case Outcome.banned.rawValue: attempt.responder(responses.fixed(.banned))
            case Outcome.held.rawValue:
                refusedOnly = false
                attempt.responder(
                    responses.held(
                        code: batch.codes[index],
                        itemID: attempt.itemID,
                        expiresAt: decision.deadline,
                        replayed: false
                    )
                )
            case Outcome.repeatedLetter: refusedOnly = false
            case Outcome.notDecidedLetter:
                refusedOnly = false
                attempt.responder(responses.fixed(.overloaded))
            case let letter: preconditionFailure("checkout.lua answered with letter \(letter)")
            }
        }
        for hold in decision.repeats {
            batch.attempts[hold.index].responder(
                responses.held(
                    code: batch.codes[hold.index],
                    itemID: hold.itemID,
                    expiresAt: hold.deadline,
                    replayed: true
                )
            )
        }
        sale.lastBatchSoldOut = refusedOnly
        recycle(batch)
    }

    /// The script has said that this sale does not sell now; the sale that does is tried once.
    private func moveOn(_ batch: CheckoutBatch, from sale: LoopSale) {
        server.schedule.reconsider()
        guard !batch.hasMoved, let other = server.schedule.current(server.now), other !== sale else {
            return refuseWithoutSale(batch)
        }
        batch.hasMoved = true
        send(batch)
    }

    private func refuseWithoutSale(_ batch: CheckoutBatch) {
        let answer = server.responses.error(
            "503 Service Unavailable",
            "no_active_sale",
            "No sale is open at the moment.",
            retryAfter: server.schedule.secondsToNext(server.now)
        )
        server.counters.refused(.noSale, batch.count)
        for attempt in batch.attempts { attempt.responder(answer) }
        recycle(batch)
    }

    private func refuse(_ batch: CheckoutBatch, _ reason: Responses.Fixed) {
        let answer = server.responses.fixed(reason)
        server.counters.refused(LoopCounters.Refusal(reason), batch.count)
        for attempt in batch.attempts { attempt.responder(answer) }
        recycle(batch)
    }

    private func recycle(_ batch: CheckoutBatch) {
        batch.reset()
        if spare.count < 8 { spare.append(batch) }
    }
}
