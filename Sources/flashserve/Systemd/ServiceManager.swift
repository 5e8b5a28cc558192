import Glibc

/// The service manager that has started this process and wants to hear from it, as sd_notify(3) describes it: lines of
/// `NAME=value` in a datagram. Without one nothing is sent.
public struct ServiceManager: Sendable, Equatable {
    /// Where it listens: a path, or behind an `@` a name that is in no file system.
    let socket: String
    /// It ends this process after so long without a sign of life; nil: never.
    let watchdog: Duration?

    /// Why the datagram could not be sent.
    struct Failure: Error, Equatable {
        let code: Int32
    }

    /// What the environment says of it; nil when there is none.
    ///
    /// - Parameters:
    ///   - variables: `NOTIFY_SOCKET`, `WATCHDOG_USEC` in microseconds, and `WATCHDOG_PID`, whose watchdog it is.
    ///   - process: the own process id.
    public init?(variables: [String: String], process: Int32 = getpid()) {
        guard let socket = variables["NOTIFY_SOCKET"], !socket.isEmpty else { return nil }
        self.socket = socket
        // Another process, say a shell around this one, may be the one that is watched.
        let isMeant = variables["WATCHDOG_PID"].map { $0 == String(process) } ?? true
        let microseconds = variables["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdog = isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Sends one datagram. A manager that reads too slowly is waited for a second.
    func tell(_ lines: [String]) async throws {
        for _ in 0..<50 {
            switch send(lines.joined(separator: "\n")) {
            case 0: return
            case EAGAIN, EINTR: try await Task.sleep(for: .milliseconds(20))
            case let code: throw Failure(code: code)
            }
        }
        throw Failure(code: EAGAIN)
    }

    /// 0, or the `errno` of what failed.
    private func send(_ text: String) -> Int32 {
        var address = sockaddr_un()
        var name = Array(socket.utf8)
        let isAbstract = name.first == UInt8(ascii: "@")
        guard isAbstract || name.first == UInt8(ascii: "/") else { return EAFNOSUPPORT }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return ENAMETOOLONG }
        if isAbstract { name[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        // An abstract name ends where the address ends; a path has a zero behind it.
        let header = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        let length = socklen_t(header + name.count + (isAbstract ? 0 : 1))
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let sent = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, flags, $0, length)
            }
        }
        return sent == bytes.count ? 0 : errno
    }
}

extension ServiceManager.Failure: CustomStringConvertible {
    var description: String { String(cString: strerror(code)) }
}
