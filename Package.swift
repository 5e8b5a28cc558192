// swift-tools-version: 6.2
import PackageDescription

/// Release builds leave out the run-time checks of exclusive access; the compiler's own stay. `-Ounchecked` is never
/// used: assertions stay on in production.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    .define("FAILPOINTS", .when(configuration: .debug)),
]

/// The Makefile says which commit is built. `Context.gitInformation` would be nearer at hand, but SwiftPM keeps an
/// evaluated manifest and would go on naming an older commit; a changed environment variable is noticed. Only the one C
/// file that holds it is compiled anew.
let revision = Context.environment["BUILD_REVISION"].flatMap { $0.isEmpty ? nil : $0 } ?? "unknown"

let package = Package(
    name: "flashctl",
    products: [
        .executable(name: "flashctl", targets: ["flashctl"]),
        .library(name: "FlashSaleKit", targets: ["FlashSaleKit"]),
        .library(name: "CClock", type: .dynamic, targets: ["CClock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CReadline", pkgConfig: "readline", providers: [.apt(["libreadline-dev"])]),
        .target(
            name: "CBuildInfo",
            cSettings: [.define("FLASHCTL_REVISION", to: revision)],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "FlashSaleKit",
            dependencies: [
                "CHiredis",
                "CLibpq",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Collections", package: "swift-collections"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [
                .embedInCode("Redis/scripts"),
                .embedInCode("Postgres/migrations"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "flashserve",
            dependencies: [
                "FlashSaleKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Collections", package: "swift-collections"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("LivePage/page")],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "flashctl",
            dependencies: [
                "CBuildInfo",
                "CReadline",
                "FlashSaleKit",
                "flashserve",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "FlashSaleKitTests",
            dependencies: ["FlashSaleKit", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "flashserveTests",
            dependencies: [
                "flashserve", "FlashSaleKit", "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "flashctlTests",
            dependencies: [
                "flashctl", "flashserve", "FlashSaleKit", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "faultsuite", "TestSupport", "FlashSaleKit", "flashctl",
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "TidyTests", swiftSettings: swiftSettings),
        // What several test targets share: the built program as a process, a buyer, how long tests wait.
        .target(
            name: "TestSupport",
            dependencies: [
                "FlashSaleKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings
        ),
        // Loaded into processes with another wall clock.
        .target(
            name: "CClock",
            path: "Tests/CClock",
            swiftSettings: swiftSettings,
            linkerSettings: [.linkedLibrary("dl")]
        ),
        // Kills, stops and empties real processes under load and checks the promises from outside: `make faults`.
        .executableTarget(
            name: "faultsuite",
            dependencies: [
                "FlashSaleKit", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/FaultSuite",
            swiftSettings: swiftSettings
        ),
    ]
)
