import NIOCore

/// The open connections of one event loop, for limits of time and for stopping.
final class ConnectionTable {
    private var open: [ObjectIdentifier: ConnectionHandler] = [:]
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { open.count }

    /// False when there are too many already.
    func add(_ connection: ConnectionHandler) -> Bool {
        guard open.count < limit else { return false }
        open[ObjectIdentifier(connection)] = connection
        return true
    }

    /// False when it was not among them.
    func remove(_ connection: ConnectionHandler) -> Bool {
        open.removeValue(forKey: ObjectIdentifier(connection)) != nil
    }

    func checkTime(_ now: NIODeadline) {
        for connection in Array(open.values) { connection.checkTime(now) }
    }

    func closeQuiet(for time: TimeAmount, _ now: NIODeadline) {
        for connection in Array(open.values) { connection.closeIfQuiet(for: time, now) }
    }
}
