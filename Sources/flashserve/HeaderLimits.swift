import NIOHTTP1

/// How much header a request may have; beyond: 431 and close. Proxies add fields, and browsers send what other pages of
/// the domain have stored in cookies.
public struct HeaderLimits: Sendable, Equatable {
    /// One field in bytes, its name and its value; also the request target.
    public var field = 8192
    /// All fields together in bytes.
    public var total = 32_768
    /// Number of fields.
    public var count = 100

    /// The defaults.
    public init() {}

    /// As the decoder takes them.
    var configuration: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = field
        limits.maxHeaderListSize = total
        limits.maxHeaderFieldCount = count
        return limits
    }

    /// Bytes that the decoder may keep undecoded: an unfinished field, and what came with its end.
    /// Beyond: close.
    var undecodedBytes: Int { field + 16_384 }
}
