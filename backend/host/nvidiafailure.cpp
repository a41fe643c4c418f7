// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiafailure.h"

#include "backend/host/commandfailure.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Nvidia", text);
}

bool isAddressByte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

NvidiaProblem problemIn(const QByteArray &text)
{
    if (text.contains("couldn't communicate with the NVIDIA driver"))
        return NvidiaProblem::NoDriver;
    if (text.contains("Driver/library version mismatch"))
        return NvidiaProblem::VersionMismatch;
    if (text.contains("blocked by the operating system"))
        return NvidiaProblem::Blocked;
    if (text.contains("couldn't find libnvidia-ml.so"))
        return NvidiaProblem::NoLibrary;
    if (text.contains("Failed to initialize NVML: Insufficient Permissions"))
        return NvidiaProblem::NoRights;
    if (text.contains("Failed to initialize NVML: Driver Not Loaded"))
        return NvidiaProblem::NoDriver;
    if (text.contains("Failed to initialize NVML"))
        return NvidiaProblem::DeviceAccessLost;
    if (text.contains("Unable to determine the device handle") || text.contains("GPU is lost"))
        return NvidiaProblem::CardLost;
    if (text.contains("No devices were found"))
        return NvidiaProblem::NoDevices;
    return NvidiaProblem::None;
}

NvidiaProblem problemOf(int exitCode)
{
    switch (exitCode) {
    case 127:
        return NvidiaProblem::NotInstalled;
    case 4:
    case 126:
        return NvidiaProblem::NoRights;
    case 6:
        return NvidiaProblem::NoDevices;
    case 9:
        return NvidiaProblem::NoDriver;
    case 12:
        return NvidiaProblem::NoLibrary;
    case 15:
        return NvidiaProblem::CardLost;
    case 17:
        return NvidiaProblem::Blocked;
    case 18:
        return NvidiaProblem::VersionMismatch;
    default:
        return NvidiaProblem::Other;
    }
}

} // namespace

NvidiaProblem nvidiaProblem(const Error &error)
{
    const bool known = error.serviceCode > 0 && error.serviceCode <= static_cast<int>(NvidiaProblem::Other);
    return known ? static_cast<NvidiaProblem>(error.serviceCode) : NvidiaProblem::None;
}

Error nvidiaError(NvidiaProblem problem, const QByteArray &said, int exitCode)
{
    const auto make = [&](Error::Kind kind, const char *summary, const char *remedy) {
        Error error(kind, tr(summary), firstLine(said), exitCode);
        error.serviceCode = static_cast<int>(problem);
        error.remedy = tr(remedy);
        return error;
    };
    switch (problem) {
    case NvidiaProblem::NotInstalled:
        return make(Error::Kind::Unavailable, QT_TRANSLATE_NOOP("Nvidia", "The node has no nvidia-smi."),
            QT_TRANSLATE_NOOP("Nvidia", "Install the NVIDIA driver on the node, or set its accelerator to none in the fleet file."));
    case NvidiaProblem::NoDriver:
        return make(Error::Kind::Unavailable, QT_TRANSLATE_NOOP("Nvidia", "The NVIDIA driver is not loaded on the node."),
            QT_TRANSLATE_NOOP("Nvidia",
                "Load it with: sudo modprobe nvidia. After a kernel update rebuild it first, with: sudo dkms autoinstall"));
    case NvidiaProblem::VersionMismatch:
        return make(Error::Kind::Remote,
            QT_TRANSLATE_NOOP("Nvidia", "The NVIDIA driver was upgraded while the old one runs: versions differ."),
            QT_TRANSLATE_NOOP("Nvidia", "Stop what uses the GPU and reload the kernel module, or reboot the node."));
    case NvidiaProblem::Blocked:
        return make(Error::Kind::Remote, QT_TRANSLATE_NOOP("Nvidia", "The operating system blocks access to the GPU."),
            QT_TRANSLATE_NOOP("Nvidia", "Under WSL run: wsl --shutdown. In a container restart the container."));
    case NvidiaProblem::NoLibrary:
        return make(Error::Kind::Unavailable, QT_TRANSLATE_NOOP("Nvidia", "The node has nvidia-smi and not its library, libnvidia-ml.so."),
            QT_TRANSLATE_NOOP("Nvidia", "Install the NVIDIA driver whole on the node. If the library lies in a folder of its own, add that to /etc/ld.so.conf.d and run: sudo ldconfig"));
    case NvidiaProblem::DeviceAccessLost:
        return make(Error::Kind::Remote, QT_TRANSLATE_NOOP("Nvidia", "nvidia-smi cannot reach the GPU: its library does not start."),
            QT_TRANSLATE_NOOP("Nvidia", "If the login is inside a container, restart the container: it has lost the device."));
    case NvidiaProblem::CardLost:
        return make(Error::Kind::Remote, QT_TRANSLATE_NOOP("Nvidia", "A GPU of the node fell off the bus."),
            QT_TRANSLATE_NOOP("Nvidia", "Reboot the node. If it comes again, look at power, cooling and the slot of the card."));
    case NvidiaProblem::NoDevices:
        return make(Error::Kind::NotFound, QT_TRANSLATE_NOOP("Nvidia", "The driver finds no usable GPU on the node."),
            QT_TRANSLATE_NOOP("Nvidia", "Look whether the machine has the card (lspci) and what the kernel says about it (dmesg)."));
    case NvidiaProblem::NoRights:
        return make(Error::Kind::Unauthorized, QT_TRANSLATE_NOOP("Nvidia", "The login may not ask the NVIDIA driver on the node."),
            QT_TRANSLATE_NOOP("Nvidia", "Look at the rights of /dev/nvidia* and of nvidia-smi on the node."));
    case NvidiaProblem::Hung:
        return make(Error::Kind::Timeout, QT_TRANSLATE_NOOP("Nvidia", "nvidia-smi hangs on the node: the driver does not answer."),
            QT_TRANSLATE_NOOP("Nvidia", "Look at the kernel's messages (dmesg | grep -i xid). Most often only a reboot helps."));
    case NvidiaProblem::Starting:
        return make(Error::Kind::Timeout, QT_TRANSLATE_NOOP("Nvidia", "The NVIDIA driver of the node is still starting: nvidia-smi has given no line yet."),
            QT_TRANSLATE_NOOP("Nvidia", "Wait: several cards need half a minute. With nvidia-persistenced running on the node they answer at once."));
    case NvidiaProblem::TooOld:
        return make(Error::Kind::Protocol, QT_TRANSLATE_NOOP("Nvidia", "The node's nvidia-smi does not know what is asked of it."),
            QT_TRANSLATE_NOOP("Nvidia", "Update the NVIDIA driver on the node."));
    case NvidiaProblem::None:
    case NvidiaProblem::Other:
        break;
    }
    Error error(Error::Kind::Remote, tr("nvidia-smi failed on the node with exit code %1.").arg(exitCode), firstLine(said), exitCode);
    error.serviceCode = static_cast<int>(NvidiaProblem::Other);
    error.remedy = tr("Run nvidia-smi on the node and look at what it says.");
    return error;
}

std::optional<Error> explainNvidia(int exitCode, const QByteArray &text)
{
    const QByteArray head = text.left(64 << 10);
    NvidiaProblem problem = problemIn(head);
    if (problem == NvidiaProblem::None) {
        if (exitCode == 0 || exitCode == 14)
            return std::nullopt;
        problem = problemOf(exitCode);
    }
    return nvidiaError(problem, head.trimmed(), exitCode);
}

bool isCardLostLine(const QByteArray &line)
{
    return line.contains("Unable to determine the device handle") || line.contains("GPU is lost");
}

QByteArray pciAddressIn(const QByteArray &line)
{
    // "GPU 0000:0B:00.0:", "GPU0000:07:00.0:", "gpu 0000:00:04.0": the first run of address bytes with two colons.
    for (qsizetype at = 0; at < line.size();) {
        qsizetype end = at;
        while (end < line.size() && isAddressByte(line.at(end)))
            ++end;
        QByteArray word = line.mid(at, end - at);
        while (word.endsWith(':') || word.endsWith('.'))
            word.chop(1);
        if (word.count(':') == 2 && word.contains('.'))
            return word.left(16);
        at = end + 1;
    }
    return {};
}

} // namespace hybridge
