import FlashSaleKit

/// What the event loops reach of the rest of the server.
final class ControlCenter: ServerControl {
    private let supervisor: RedisSupervisor
    private let lookups: LookupService
    private let pages: PageRenderer
    private let ledgerWakeup: Wakeup

    init(supervisor: RedisSupervisor, lookups: LookupService, pages: PageRenderer, ledgerWakeup: Wakeup) {
        self.supervisor = supervisor
        self.lookups = lookups
        self.pages = pages
        self.ledgerWakeup = ledgerWakeup
    }

    func pokeLedgerDrain() {
        ledgerWakeup.signal()
    }

    func invalidateRedis(_ reason: String, suspect: (sale: SaleID, epoch: Int64)?) {
        supervisor.invalidate(reason, suspect: suspect)
    }

    func leaveAlone(_ sale: SaleID, _ error: RedisError) {
        supervisor.leaveAlone(sale, error)
    }

    func recheckRedis(_ reason: String) {
        supervisor.recheck(reason)
    }

    func render(_ page: ServerPage, _ completion: @escaping @Sendable (RenderedPage) -> Void) {
        Task { completion(await pages.render(page)) }
    }

    func lookUp(
        _ holds: Set<SaleHold>,
        _ completion: @escaping @Sendable (Result<PurchaseFindings, any Error>) -> Void
    ) {
        Task {
            do {
                completion(.success(try await lookups.lookUp(holds)))
            } catch {
                completion(.failure(error))
            }
        }
    }
}
