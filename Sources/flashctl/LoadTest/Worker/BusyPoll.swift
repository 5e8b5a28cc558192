import FlashSaleKit
import Foundation
import NIOCore
import NIOPosix

/// Keeps an event loop awake: a byte that goes round a pipe, so that the loop never sleeps and looks at its timers and
/// sockets every few microseconds. Where a sleeping processor wakes late, as in most virtual machines, only this sends
/// requests at their time. It costs the thread a whole core.
final class BusyPoll: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let worker: LoadWorker
    private var lastActivity: UInt64 = 0
    private var lastSeconds = ProcessorTime.ofThread()

    private init(_ worker: LoadWorker) {
        self.worker = worker
    }

    /// Begins on the loop of the worker, which must be the current one; it ends with the worker.
    static func start(for worker: LoadWorker) -> EventLoopFuture<Void> {
        let loop = worker.eventLoop
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let reason = String(cString: strerror(errno))
            return loop.makeFailedFuture(
                CommandFailure(.failure, "--busy-poll needs a pipe: \(reason)", nextStep: "leave --busy-poll out")
            )
        }
        let bound = NIOLoopBound(worker, eventLoop: loop)
        return NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(BusyPoll(bound.value))
                }
            }
            .takingOwnershipOfDescriptors(input: ends[0], output: ends[1])
            .map { _ in }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(integer: UInt8(0))), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A round in which nothing was sent or answered is no work: it says nothing of how busy the generator was.
        let seconds = ProcessorTime.ofThread()
        if worker.activity == lastActivity { worker.polledSeconds += seconds - lastSeconds }
        lastActivity = worker.activity
        lastSeconds = seconds
        if worker.isFinished { context.close(promise: nil) } else { context.writeAndFlush(data, promise: nil) }
    }
}
