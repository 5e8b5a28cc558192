import ArgumentParser
import Histogram
import TextTable
import Yams
import ServiceLifecycle
