import FlashSaleKit
import Foundation
import NIOCore
import NIOPosix

/// Asks the server how its sale stands, over a connection of its own that is no part of the load.
final class ShopReader: Sendable {
    /// What `/health` tells.
    struct State: Sendable, Equatable {
        var sale: SaleID?
        /// Nil when the server does not say.
        var isTest: Bool?
        var shop: LoadInterval.Shop?
    }

    /// How long an answer may take.
    private static let patience = TimeAmount.seconds(2)

    private let address: SocketAddress
    private let authority: String
    private let eventLoop: any EventLoop
    private let exchange: NIOLoopBound<Exchange>

    private init(_ address: SocketAddress, authority: String, exchange: NIOLoopBound<Exchange>, on loop: any EventLoop)
    {
        self.address = address
        self.authority = authority
        self.exchange = exchange
        eventLoop = loop
    }

    /// A reader that has not connected yet.
    static func make(
        _ address: SocketAddress,
        target: LoadTarget,
        on group: any EventLoopGroup
    ) async throws -> ShopReader {
        let loop = group.next()
        let exchange = try await loop.submit { NIOLoopBound(Exchange(), eventLoop: loop) }.get()
        return ShopReader(address, authority: target.authority, exchange: exchange, on: loop)
    }

    /// How it stands now; nil when the server does not tell in time.
    func read() async -> State? {
        let request = ByteBuffer(string: "GET /health HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
        let body = try? await eventLoop.flatSubmit { [self] in
            let exchange = exchange.value
            exchange.channel?.close(promise: nil)
            let promise = eventLoop.makePromise(of: [UInt8].self)
            exchange.waiting = promise
            let limit = eventLoop.scheduleTask(in: ShopReader.patience) { [self] in
                self.exchange.value.end()
            }
            promise.futureResult.whenComplete { _ in limit.cancel() }
            ClientBootstrap(group: eventLoop)
                .connectTimeout(ShopReader.patience)
                .channelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(self.exchange.value.handler())
                    }
                }
                .connect(to: address)
                .whenComplete { [self] result in
                    switch result {
                    case .success(let channel):
                        self.exchange.value.channel = channel
                        channel.writeAndFlush(request, promise: nil)
                    case .failure: self.exchange.value.end()
                    }
                }
            return promise.futureResult
        }.get()
        return body.flatMap { ShopReader.state($0) }
    }

    /// Closes the connection.
    func close() async {
        _ = try? await eventLoop.submit { [exchange] in
            exchange.value.end()
            exchange.value.channel?.close(promise: nil)
        }.get()
    }

    private struct Health: Decodable {
        struct Sale: Decodable {
            var id: Int64
            var isTest: Bool?
            var stockRemaining: Int
            var itemsHeld: Int
            var itemsSold: Int
        }

        struct Performance: Decodable {
            var ledgerBacklogEntries: Int?
            var attemptsBacklogEntries: Int?
        }

        var sale: Sale?
        var performance: Performance?
    }

    /// Reads the body of `/health`; nil when it is none.
    static func state(_ body: [UInt8]) -> State? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let health = try? decoder.decode(Health.self, from: Data(body)) else { return nil }
        var state = State()
        guard let sale = health.sale else { return state }
        state.sale = SaleID(sale.id)
        state.isTest = sale.isTest
        let backlog = [health.performance?.ledgerBacklogEntries, health.performance?.attemptsBacklogEntries]
        state.shop = LoadInterval.Shop(
            free: sale.stockRemaining,
            held: sale.itemsHeld,
            sold: sale.itemsSold,
            backlog: backlog.reduce(0) { $0 + ($1 ?? 0) }
        )
        return state
    }

    /// One request and its answer; only touched on the loop.
    private final class Exchange {
        var channel: (any Channel)?
        var waiting: EventLoopPromise<[UInt8]>?

        func handler() -> Handler { Handler(exchange: self) }

        func end() {
            let promise = waiting
            waiting = nil
            promise?.fail(ChannelError.eof)
        }

        func succeed(_ body: [UInt8]) {
            let promise = waiting
            waiting = nil
            promise?.succeed(body)
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let exchange: Exchange
        private var scanner = ResponseScanner(keepsReceipts: true)

        init(exchange: Exchange) { self.exchange = exchange }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            var consumed = 0
            switch buffer.withUnsafeReadableBytes({ scanner.feed($0, consumed: &consumed) }) {
            case .needsMore: break
            case .complete:
                exchange.succeed(scanner.bodyStart)
                context.close(promise: nil)
            case .malformed: context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { exchange.end() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
