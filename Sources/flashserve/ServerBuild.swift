/// Which program serves; shown by its metrics.
public struct ServerBuild: Sendable, Equatable {
    /// Its version.
    public var version: String
    /// The commit that it was built from.
    public var revision: String
    /// The Swift that compiled it.
    public var swift: String

    /// A program of which nothing is known, unless it is told.
    public init(version: String = "unknown", revision: String = "unknown", swift: String = "unknown") {
        self.version = version
        self.revision = revision
        self.swift = swift
    }
}
