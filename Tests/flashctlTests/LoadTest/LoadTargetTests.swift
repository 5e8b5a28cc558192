import NIOCore
import NIOPosix
import Testing

@testable import flashctl

/// A name with several addresses: each is tried.
@Suite struct LoadTargetTests {
    /// Answers every name with these addresses.
    private struct Names: Resolver, Sendable {
        let six: [String]
        let four: [String]
        let loop: any EventLoop

        private func addresses(_ texts: [String], _ port: Int) -> EventLoopFuture<[SocketAddress]> {
            loop.makeCompletedFuture { try texts.map { try SocketAddress(ipAddress: $0, port: port) } }
        }

        func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { addresses(four, port) }

        func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { addresses(six, port) }

        func cancelQueries() {}
    }

    private let group = MultiThreadedEventLoopGroup.singleton

    /// Where a target is found while a server listens on 127.0.0.1 only.
    private func reach(_ host: String, six: [String], four: [String]) async throws -> String? {
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let found: Result<SocketAddress, any Error>
        do {
            let names = Names(six: six, four: four, loop: group.any())
            found = .success(try await LoadTarget(host: host, port: port).reach(on: group, resolver: names))
        } catch {
            found = .failure(error)
        }
        try await server.close().get()
        return try found.get().ipAddress
    }

    @Test(arguments: [
        (["::1"], ["127.0.0.1"]), ([], ["127.0.0.1"]), ([], ["127.0.0.3", "127.0.0.1"]),
        (["::1"], ["127.0.0.2", "127.0.0.1"]),
    ])
    func everyAddressOfANameIsTried(six: [String], four: [String]) async throws {
        #expect(try await reach("localhost", six: six, four: four) == "127.0.0.1")
    }

    @Test func aServerThatIsNowhereIsNamed() async throws {
        let refused = try await #require(throws: CommandFailure.self) {
            try await reach("shop", six: ["::1"], four: ["127.0.0.2"])
        }
        #expect(refused.message.hasPrefix("cannot connect to http://shop:"))
        #expect(refused.message.hasSuffix(": connect_refused"))
        let unknown = try await #require(throws: CommandFailure.self) { try await reach("shop", six: [], four: []) }
        #expect(unknown.message == "the target's host `shop` has no address")
    }

    @Test func addressesNeedNoNames() async throws {
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        for host in ["127.0.0.1", "localhost"] {
            #expect(try await LoadTarget(host: host, port: port).reach(on: group).ipAddress == "127.0.0.1")
        }
        try await server.close().get()
    }
}
