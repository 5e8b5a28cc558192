import FlashSaleKit
import NIOPosix

extension RunningServer {
    /// Opens the listener of the metrics, if one is wanted. A port that nobody asked for by number may be taken: then
    /// the sale is more important.
    func listenForAdmin(_ group: MultiThreadedEventLoopGroup) async throws -> AdminListener? {
        guard let port = options.adminPort else { return nil }
        let metrics = ServerMetrics(state: state, loops: loops)
        do {
            let listener = try await AdminListener.bind(port: port, group: group, metrics: metrics)
            logger.info("metrics", metadata: ["address": "http://\(AdminListener.host):\(listener.port)/metrics"])
            options.onAdminListening?(listener.port)
            return listener
        } catch let error as ServerError where !options.adminPortIsRequired {
            logger.warning("there are no metrics", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}
