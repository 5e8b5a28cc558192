import FlashSaleKit
import Logging
import NIOCore

/// The one Redis connection of an event loop. It serves only after the identity of the server behind it was found equal
/// to the one that recovery has blessed, and after the scripts were loaded.
///
/// Lives on one event loop.
final class LoopRedis {
    private unowned let server: LoopServer
    private var channel: RedisChannel?
    /// Increases with each installation, so that late results of an earlier one are told apart.
    private var generation = 0
    /// Whether a validated Redis is known, even if the connection is just being made.
    private(set) var isInstalled = false
    /// The server to which the connection was made.
    private var installed: RedisIdentity?
    /// The connection, if decisions may be asked of it.
    private(set) var usable: RedisChannel?

    init(server: LoopServer) {
        self.server = server
    }

    /// Takes a Redis that was validated, and connects unless a usable connection to it exists.
    func install(_ installation: RedisInstallation) {
        if let usable, usable.isActive, installed == installation.identity { return }
        close()
        isInstalled = true
        installed = installation.identity
        let current = generation
        let this = NIOLoopBound(self, eventLoop: server.loop)
        RedisChannel.connect(
            to: installation.endpoint,
            on: server.loop,
            options: server.times.redis,
            logger: server.logger
        ).whenComplete { this.value.connected($0, installation, current) }
    }

    private func connected(
        _ result: Result<NIOLoopBound<RedisChannel>, any Error>,
        _ installation: RedisInstallation,
        _ current: Int
    ) {
        guard generation == current else {
            if case .success(let late) = result { late.value.close() }
            return
        }
        switch result {
        case .success(let channel): verify(channel.value, installation, current)
        case .failure(let error): lost("\(error)")
        }
    }

    private func verify(_ channel: RedisChannel, _ installation: RedisInstallation, _ current: Int) {
        self.channel = channel
        channel.onClose = { error in
            guard self.generation == current else { return }
            self.lost("\(error)")
        }
        var outstanding = SaleScript.loadCommands.count + RedisIdentityCheck.commands.count
        var replies: [RedisReply] = []
        func done(_ result: Result<RedisReply, RedisError>, isIdentity: Bool) {
            guard generation == current, self.channel != nil else { return }
            switch result {
            case .failure(let error): return lost("\(error)")
            case .success(.error(let text)): return lost("Redis answered \(text)")
            case .success(let reply): if isIdentity { replies.append(reply) }
            }
            outstanding -= 1
            guard outstanding == 0 else { return }
            guard RedisIdentityCheck.matches(replies, installation.identity) else {
                return lost("the Redis behind this connection is not the one that was validated")
            }
            usable = channel
            server.settlement.connected()
        }
        for command in RedisIdentityCheck.commands { channel.send(command) { done($0, isIdentity: true) } }
        for command in SaleScript.loadCommands { channel.send(command) { done($0, isIdentity: false) } }
        channel.flush()
    }

    private func lost(_ reason: String) {
        close()
        server.control.recheckRedis(reason)
    }

    /// Sends what was written in this tick.
    func flush() {
        usable?.flush()
    }

    /// Closes the connection: calls in flight fail, their outcome unknown.
    func close() {
        generation += 1
        isInstalled = false
        usable = nil
        let old = channel
        channel = nil
        old?.close()
    }
}
