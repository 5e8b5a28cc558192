import Foundation

/// The local ports that connections to one server can have: each needs one of its own.
enum ConnectionPorts {
    private static let path = "/proc/sys/net/ipv4/ip_local_port_range"
    /// Ports that others may be using.
    static let reserve = 256

    /// Fails when the system does not have as many ports as the test would open connections.
    static func check(_ connections: Int) throws(CommandFailure) {
        // Where there is no such file the system has another rule, and connecting will tell.
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
        try check(connections, range: text)
    }

    /// The same for what the system says, two numbers.
    static func check(_ connections: Int, range text: String) throws(CommandFailure) {
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard numbers.count == 2, numbers[1] >= numbers[0] else { return }
        let ports = numbers[1] - numbers[0] + 1
        guard connections + reserve > ports else { return }
        throw CommandFailure(
            .failure,
            "\(connections) connections need as many local ports, but this system has \(ports) of them, from "
                + "\(numbers[0]) to \(numbers[1])",
            nextStep: "run `sysctl -w net.ipv4.ip_local_port_range='1024 65535'` first, or give fewer --connections"
        )
    }
}
