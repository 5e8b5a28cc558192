import FlashSaleKit
import Foundation
import NIOCore
import NIOPosix

/// Asks the server how its sale stands, over connections of its own that are no part of the load.
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

    private init(_ address: SocketAddress, authority: String, on eventLoop: any EventLoop) {
        self.address = address
        self.authority = authority
        self.eventLoop = eventLoop
    }

    /// A reader that has not connected yet.
    static func make(_ address: SocketAddress, target: LoadTarget, on group: any EventLoopGroup) -> ShopReader {
        ShopReader(address, authority: target.authority, on: group.next())
    }

    /// How it stands now; nil when the server does not tell in time.
    func read() async -> State? {
        let request = ByteBuffer(string: "GET /health HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
        let answer = eventLoop.makePromise(of: [UInt8].self)
        let limit = eventLoop.scheduleTask(in: ShopReader.patience) { answer.fail(ChannelError.eof) }
        ClientBootstrap(group: eventLoop)
            .connectTimeout(ShopReader.patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .connect(to: address)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
                    channel.writeAndFlush(request, promise: nil)
                case .failure(let error): answer.fail(error)
                }
            }
        let body = try? await answer.futureResult.get()
        limit.cancel()
        return body.flatMap { ShopReader.state($0) }
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

    /// Reads one answer. Only the first of its results counts.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let answer: EventLoopPromise<[UInt8]>
        private var scanner = ResponseScanner(keepsReceipts: true)

        init(_ answer: EventLoopPromise<[UInt8]>) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            var consumed = 0
            switch buffer.withUnsafeReadableBytes({ scanner.feed($0, consumed: &consumed) }) {
            case .needsMore: break
            case .complete: answer.succeed(scanner.bodyStart)
            case .malformed: answer.fail(ChannelError.inappropriateOperationForState)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { answer.fail(ChannelError.eof) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { answer.fail(error) }
    }
}
