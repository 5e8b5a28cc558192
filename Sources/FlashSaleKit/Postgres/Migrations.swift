import Crypto

/// One step of the schema. What has been applied anywhere is never edited: a change is a new step.
public struct Migration: Sendable {
    /// Name of the file without its ending; the order of application is the order of names.
    public let name: String
    /// Statements, without transaction control.
    public let script: String

    /// A step.
    public init(name: String, script: String) {
        self.name = name
        self.script = script
    }

    /// SHA-256 of the script, in hexadecimal digits.
    public var checksum: String {
        SHA256.hash(data: Array(script.utf8)).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}

/// All steps of the schema of this binary.
public enum Migrations {
    /// In the order of application.
    public static let all: [Migration] = [
        Migration(name: "m0001_sales", script: String(decoding: PackageResources.m0001_sales_sql, as: UTF8.self)),
        Migration(
            name: "m0002_recoveries",
            script: String(decoding: PackageResources.m0002_recoveries_sql, as: UTF8.self)
        ),
        Migration(
            name: "m0003_lookups",
            script: String(decoding: PackageResources.m0003_lookups_sql, as: UTF8.self)
        ),
        Migration(name: "m0004_control", script: String(decoding: PackageResources.m0004_control_sql, as: UTF8.self)),
        Migration(
            name: "m0005_dead_letter_steps",
            script: String(decoding: PackageResources.m0005_dead_letter_steps_sql, as: UTF8.self)
        ),
        Migration(
            name: "m0006_lineages",
            script: String(decoding: PackageResources.m0006_lineages_sql, as: UTF8.self)
        ),
        Migration(name: "m0007_ids", script: String(decoding: PackageResources.m0007_ids_sql, as: UTF8.self)),
        Migration(name: "m0008_format", script: String(decoding: PackageResources.m0008_format_sql, as: UTF8.self)),
        Migration(
            name: "m0009_finished_keys",
            script: String(decoding: PackageResources.m0009_finished_keys_sql, as: UTF8.self)
        ),
    ]
}
