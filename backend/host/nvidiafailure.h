// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <optional>

namespace hybridge {

/// What is wrong when nvidia-smi gives no samples. Carried by Error::serviceCode; read it with nvidiaProblem().
enum class NvidiaProblem {
    None = 0, ///< the error is not about nvidia-smi (the link, for one)
    NotInstalled, ///< no nvidia-smi (exit 127)
    NoDriver, ///< no kernel module (exit 9)
    VersionMismatch, ///< packages upgraded under a running module (exit 18)
    Blocked, ///< the device files are there and lead nowhere (WSL, containers; exit 17)
    NoLibrary, ///< nvidia-smi is there, libnvidia-ml.so is not (exit 12)
    DeviceAccessLost, ///< a container lost its device (exit 255)
    CardLost, ///< a card fell off the bus (exit 15 or 255)
    NoDevices, ///< driver loaded, no usable card (exit 6)
    NoRights, ///< the login may not ask the driver (exit 4)
    Hung, ///< started, gives no line; proven by a second look at its process
    Starting, ///< started, no line yet, but it works: a driver without persistence mode may need half a minute. No fault
    TooOld, ///< does not know what we ask
    Other,
};

[[nodiscard]] NvidiaProblem nvidiaProblem(const Error &error);

/// An error about nvidia-smi. Kinds: Unavailable (NotInstalled, NoDriver, NoLibrary), NotFound (NoDevices), Unauthorized
/// (NoRights), Timeout (Hung, Starting), Protocol (TooOld), Remote (the rest). @p said is foreign text. Pure.
[[nodiscard]] Error nvidiaError(NvidiaProblem problem, const QByteArray &said, int exitCode);

/// What an end of nvidia-smi means. @p text is stdout without the rows, and stderr: most failures stand on stdout. Empty
/// when it is no failure: exit 0, or the warning about the infoROM (exit 14), whose data is valid. Pure; bounded.
[[nodiscard]] std::optional<Error> explainNvidia(int exitCode, const QByteArray &text);

/// True for the line that tells of one card that fell off the bus; it may stand inside otherwise good output. Pure.
[[nodiscard]] bool isCardLostLine(const QByteArray &line);
/// The PCI address in such a line or in the infoROM warning ("0000:0B:00.0"); empty when there is none. Pure.
[[nodiscard]] QByteArray pciAddressIn(const QByteArray &line);

} // namespace hybridge
