/// When the kernel asks whether the other end of a quiet TCP connection is still there. A firewall or a load balancer
/// forgets a connection without a word to either end; what is sent afterwards disappears.
enum KeepAlive {
    /// Seconds without traffic before the first probe. The probes also keep the entry of a firewall alive: the shortest
    /// in common use forget after 60 s.
    static let idleSeconds = 5
    /// Seconds between two probes.
    static let intervalSeconds = 2
    /// Probes without an answer that end the connection.
    static let probes = 3
    /// Milliseconds for which sent bytes may stay unacknowledged; then the connection ends. By default Linux repeats
    /// them for a quarter of an hour.
    static let userTimeoutMilliseconds = 10_000
}
