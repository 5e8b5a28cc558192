import Logging
import NIOCore

/// Tells the service manager that the server is ready, how it is meanwhile, and that it stops.
struct ServiceReporter: Sendable {
    /// Nil: nobody wants to know.
    let manager: ServiceManager?
    /// All loops that have to answer before a sign of life is given.
    let loops: [any EventLoop]
    /// One line about the sale and what is wrong. Nothing that a buyer or an operator wrote may be in it: a line feed
    /// would begin another message.
    let status: @Sendable () -> String
    let logger: Logger

    /// Between two looks at the status, when no watchdog asks for more.
    private static let calmInterval = Duration.seconds(10)
    static let stoppingText = "stopping: the rest of the journal goes to Postgres"

    /// The listener is open.
    func ready() async { await tell(["READY=1", "STATUS=\(status())"]) }

    /// From here on the listener closes and the journal is flushed.
    func stopping() async { await tell(["STOPPING=1", "STATUS=\(ServiceReporter.stoppingText)"]) }

    /// Reports until cancelled. A loop that hangs keeps the next sign of life back for as long as it hangs, and a
    /// cooperative pool that hangs does not come here: then the manager ends the process.
    func run() async {
        guard let manager else { return }
        let interval = manager.watchdog.map { $0 / 2 } ?? ServiceReporter.calmInterval
        var said = ""
        while !Task.isCancelled {
            for loop in loops {
                do {
                    try await loop.submit {}.get()
                } catch {
                    // It was shut down: the server has ended.
                    return
                }
            }
            var news = manager.watchdog == nil ? [] : ["WATCHDOG=1"]
            let text = status()
            if text != said { news.append("STATUS=\(text)") }
            said = text
            if !news.isEmpty { await tell(news) }
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    private func tell(_ lines: [String]) async {
        guard let manager else { return }
        do {
            try await manager.tell(lines)
        } catch is CancellationError {
            // The server ends.
        } catch {
            logger.warning(
                "the service manager could not be told",
                metadata: ["socket": "\(manager.socket)", "reason": "\(error)"]
            )
        }
    }
}
