import FlashSaleKit
import NIOCore

/// Reaches the server of one event loop from elsewhere: only values cross.
struct LoopHandle: Sendable {
    private let bound: NIOLoopBound<LoopServer>

    /// Call on the loop of the server.
    init(_ server: LoopServer) {
        bound = NIOLoopBound(server, eventLoop: server.loop)
    }

    var loop: any EventLoop { bound.eventLoop }

    /// The server itself; call on its loop.
    var onLoop: LoopServer { bound.value }

    /// Runs `body` on the loop, later.
    func run(_ body: @escaping @Sendable (LoopServer) -> Void) {
        bound.eventLoop.execute { body(bound.value) }
    }

    /// Runs `body` on the loop and returns its result.
    func ask<Answer: Sendable>(_ body: @escaping @Sendable (LoopServer) -> Answer) async throws -> Answer {
        try await bound.eventLoop.submit { body(bound.value) }.get()
    }
}
