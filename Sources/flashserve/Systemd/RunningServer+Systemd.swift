import FlashSaleKit
import NIOCore

extension RunningServer {
    /// What tells the service manager.
    ///
    /// - Parameter loops: all event loops of the server.
    func reporter(watching loops: [any EventLoop]) -> ServiceReporter {
        let state = state
        return ServiceReporter(
            manager: options.serviceManager,
            loops: loops,
            status: { RunningServer.status(state.current, at: Timestamp.host) },
            logger: logger
        )
    }

    /// One line for `systemctl status`.
    static func status(_ values: ServerState.Values, at time: Timestamp) -> String {
        if values.isStopping { return ServiceReporter.stoppingText }
        let schedule = SaleSchedule(sales: values.sales)
        var text = "no sale is open"
        if let sale = schedule.current(at: time) {
            text = "sale \(sale.id) is open until \(sale.terms.closesAt.rfc3339)"
        } else if let sale = schedule.next(after: time) {
            text += ", sale \(sale.id) opens at \(sale.terms.opensAt.rfc3339)"
        }
        if values.redisTrouble != nil { text += "; Redis is not used, checkouts are refused" }
        if values.postgresTrouble != nil { text += "; Postgres is not reached, purchases are pending" }
        if values.clockTrouble != nil { text += "; the clock of Redis is wrong" }
        if values.overload != nil { text += "; checkouts are refused: overloaded" }
        return text
    }
}
