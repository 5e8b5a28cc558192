import NIOCore
import NIOPosix
import Synchronization

/// What the server does when a request has come in.
enum ServerAction: Sendable {
    case send(String)
    case pause(TimeAmount)
    case close
    /// Accepts nobody any more, and closes.
    case leave
}

/// A server on a real socket that answers each request as a test says, byte by byte if need be.
final class ScriptedServer: Sendable {
    typealias Behaviour = @Sendable (_ number: Int, _ request: String) -> [ServerAction]

    private let heads = Mutex<[String]>([])
    private let channel: any Channel

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// First lines of all requests, in the order of arrival.
    var requestLines: [String] {
        heads.withLock { heads in heads.map { String($0.prefix { $0 != "\r\n" }) } }
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    var target: LoadTargetText { "http://127.0.0.1:\(port)" }
    typealias LoadTargetText = String

    /// Serves while `body` runs.
    static func serving<Result: Sendable>(
        _ behaviour: @escaping Behaviour,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: ScriptedServer.self)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 4096)
            .childChannelInitializer { child in
                promise.futureResult.hop(to: child.eventLoop).flatMapThrowing { server in
                    try child.pipeline.syncOperations.addHandler(Handler(server: server, behaviour: behaviour))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel: channel)
        promise.succeed(server)
        do {
            let result = try await body(server)
            try await server.stopAccepting().get()
            return result
        } catch {
            try await server.stopAccepting().get()
            throw error
        }
    }

    /// Closes the listener; whoever connects from then on is refused.
    fileprivate func stopAccepting() -> EventLoopFuture<Void> {
        channel.close(promise: nil)
        return channel.closeFuture
    }

    /// Remembers a request and returns its number, from 0.
    fileprivate func received(_ head: String) -> Int {
        heads.withLock { heads in
            heads.append(head)
            return heads.count - 1
        }
    }
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: ScriptedServer
    private let behaviour: ScriptedServer.Behaviour
    private var received = ""

    init(server: ScriptedServer, behaviour: @escaping ScriptedServer.Behaviour) {
        self.server = server
        self.behaviour = behaviour
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        // "\r\n" is one Character in Swift, so the head ends with two of them.
        guard received.hasSuffix("\r\n\r\n") else { return }
        let head = received
        received = ""
        // What a load test asks besides is no part of what a test describes.
        if head.hasPrefix("GET /health ") { return perform([.send(response(404))], context: context) }
        perform(behaviour(server.received(head), head)[...], context: context)
    }

    private func perform(_ actions: ArraySlice<ServerAction>, context: ChannelHandlerContext) {
        guard let action = actions.first else { return }
        switch action {
        case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .close: return context.close(promise: nil)
        case .leave:
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            server.stopAccepting().hop(to: context.eventLoop).whenComplete { _ in bound.value.close(promise: nil) }
            return
        case .pause(let time):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: time) {
                bound.value.0.perform(actions.dropFirst(), context: bound.value.1)
            }
            return
        }
        perform(actions.dropFirst(), context: context)
    }
}

/// A complete response.
func response(_ status: Int, _ body: String = "", headers: String = "") -> String {
    "HTTP/1.1 \(status) Reason\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
