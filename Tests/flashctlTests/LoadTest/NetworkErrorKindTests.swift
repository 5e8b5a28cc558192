import Glibc
import NIOCore
import Testing

@testable import flashctl

@Suite struct NetworkErrorKindTests {
    private struct Odd: Error {}

    @Test func openConnectionsEndInKnownWays() {
        #expect(NetworkErrorKind(reading: IOError(errnoCode: ECONNRESET, reason: "read")) == .reset)
        #expect(NetworkErrorKind(reading: IOError(errnoCode: EPIPE, reason: "write")) == .reset)
        #expect(NetworkErrorKind(reading: IOError(errnoCode: EIO, reason: "read")) == .other)
        #expect(NetworkErrorKind(reading: Odd()) == .other)
    }

    @Test func connectionsFailInKnownWays() {
        #expect(NetworkErrorKind(connecting: IOError(errnoCode: ECONNREFUSED, reason: "connect")) == .connectRefused)
        #expect(NetworkErrorKind(connecting: IOError(errnoCode: EHOSTUNREACH, reason: "connect")) == .connectFailed)
        #expect(NetworkErrorKind(connecting: ChannelError.connectTimeout(.seconds(1))) == .connectTimeout)
        #expect(NetworkErrorKind(connecting: Odd()) == .connectFailed)
    }
}
