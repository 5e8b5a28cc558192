import FlashSaleKit

extension GuardOptions {
    /// The limits of a configuration, with the clock of this host.
    init(_ configuration: FlashConfiguration) {
        self.init(hostClock: { HostClock.now })
        allowNoAOF = configuration.allowNoAOF.value
        memoryPercent = configuration.memoryLimit.value
        backlogBytes = configuration.backlogLimit.value
    }
}
