import FlashSaleKit
import Glibc
import Logging
import NIOCore

extension Listener {
    /// How long connections that wait to be accepted are served before the listener closes all the same.
    private static let acceptTime = Duration.seconds(1)

    /// Lets no new connection in, takes those that wait to be accepted, and closes. Closed at once, the system would
    /// reset connections that their clients believe to be open, together with requests that they have sent already.
    static func close(_ channel: any Channel, _ logger: Logger) async throws {
        if let socket = channel as? any SocketOptionProvider {
            do {
                try await HandshakeFilter.attach(to: socket)
                let deadline = ContinuousClock.now + acceptTime
                // Of a listening socket it is the number of those.
                while try await socket.getTCPInfo().get().tcpi_unacked > 0, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(1))
                }
            } catch {
                // A sandbox may have no such filters. Then a few clients see a reset, as with most servers.
                logger.debug("new connections could not be held off", metadata: ["reason": "\(error)"])
            }
        }
        try await channel.close()
    }
}

/// Makes the system drop what comes for a listening socket, so that no handshake ends any more. A client repeats its
/// first packet after a second, and is refused by then.
private enum HandshakeFilter {
    /// `struct sock_filter` of linux/filter.h.
    private struct Instruction {
        var code: UInt16
        var jumpTrue: UInt8 = 0
        var jumpFalse: UInt8 = 0
        var operand: UInt32
    }

    /// `struct sock_fprog` of linux/filter.h. The system copies what it points to, and `attach` keeps that until then:
    /// that is why it may be sent to the loop of the socket.
    private struct Program: @unchecked Sendable {
        var length: UInt16
        var instructions: UnsafeMutablePointer<Instruction>
    }

    /// `SO_ATTACH_FILTER`
    private static let option = NIOBSDSocket.Option(rawValue: 26)
    /// `BPF_RET | BPF_K`: returns how many bytes of the packet are let in.
    private static let returning: UInt16 = 6

    static func attach(to socket: any SocketOptionProvider) async throws {
        let instructions = UnsafeMutablePointer<Instruction>.allocate(capacity: 1)
        defer { instructions.deallocate() }
        instructions.initialize(to: Instruction(code: returning, operand: 0))
        let program = Program(length: 1, instructions: instructions)
        try await socket.unsafeSetSocketOption(level: .socket, name: option, value: program).get()
    }
}
