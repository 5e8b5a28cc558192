import FlashSaleKit
import Logging

/// Holds that may exist although no buyer has a code of them: those of batches that were sent and never answered. They
/// are released before anything else is asked of the next connection, so that a buyer who asks again gets what a new
/// buyer would get.
///
/// A code that an `Idempotency-Key` chose is not among them: asked again, its buyer gets it.
///
/// Lives on one event loop.
final class Settlement {
    /// What one batch may have held.
    private struct Batch {
        let saleID: SaleID
        /// The epoch at which it was sent.
        let epoch: Int64
        let holdIDs: [HoldID]
    }

    private unowned let server: LoopServer
    private var waiting: [Batch] = []
    /// Holds of batches that wait or are being settled.
    private var count = 0
    private var inFlight = 0
    /// Set while another call would be refused like the last one: the clock is not confirmed yet.
    private var isPaused = false

    init(server: LoopServer) {
        self.server = server
    }

    /// Takes the holds of a batch whose outcome is unknown.
    func keep(_ holdIDs: [HoldID], of sale: LoopSale) {
        guard !holdIDs.isEmpty, count + holdIDs.count <= Limits.unsettledHolds else { return }
        count += holdIDs.count
        waiting.append(Batch(saleID: sale.id, epoch: sale.epoch, holdIDs: holdIDs))
    }

    /// Settles what waits, if there is a connection. Called before checkouts are sent: Redis takes the calls of a
    /// connection in their order.
    func sendWaiting() {
        guard !waiting.isEmpty, inFlight == 0, !isPaused, let redis = server.redis.usable else { return }
        let batches = waiting
        waiting = []
        for batch in batches {
            guard let sale = server.schedule.sale(batch.saleID) else {
                // Finished, or shut: nothing is asked of Redis for it, and its holds end by themselves.
                count -= batch.holdIDs.count
                continue
            }
            inFlight += 1
            let command = ReleaseCall.command(
                keys: sale.keys,
                epoch: sale.epoch,
                confirmed: server.confirmedTime,
                holdIDs: batch.holdIDs,
                settling: batch.epoch
            )
            redis.send(command) { result in
                self.inFlight -= 1
                self.receive(result, for: batch, of: sale)
            }
        }
    }

    /// A connection may be used from now on; nothing was asked of it yet.
    func connected() {
        isPaused = false
        sendWaiting()
    }

    /// What was refused may be taken now.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        server.scheduleTick()
    }

    private func receive(_ result: Result<RedisReply, RedisError>, for batch: Batch, of sale: LoopSale) {
        do throws(RedisError) {
            let reply = try ReleaseCall.parse(result.get(), count: batch.holdIDs.count)
            server.observed(reply.status, reply.now)
            if let outcomes = reply.decision {
                count -= batch.holdIDs.count
                log(outcomes.count { $0 == .released }, batch.saleID)
                return
            }
            again(batch)
            server.refused(sale, reply.status)
        } catch {
            again(batch)
            server.failed(error)
        }
    }

    private func log(_ released: Int, _ sale: SaleID) {
        guard released > 0 else { return }
        server.logger.notice(
            "released holds of checkouts whose answer was lost",
            metadata: ["sale": "\(sale)", "holds": "\(released)"]
        )
    }

    /// It is repeated until it is answered: twice changes no more than once.
    private func again(_ batch: Batch) {
        waiting.append(batch)
        isPaused = true
    }
}
