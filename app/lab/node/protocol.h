// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

/// What a command in a node's shell and the lab say to each other over the lab's unix socket.
///
/// The command sends one greeting: a length (4 bytes, little endian, of what follows), then strings, each ended by a
/// zero byte: node id, "0" or "1" (1: runs under sudo), working directory, argv[0], argv[1] …
/// The lab answers with frames: one FrameType byte, a length (4 bytes, little endian), the payload. When the lab closes
/// the connection without an Exit frame, the command ends with code 255: its machine is gone.
namespace hybridge::lab {

enum class FrameType : char {
    Out = '1',             ///< payload goes to stdout
    Err = '2',             ///< payload goes to stderr
    Exit = 'x',            ///< payload: one byte, the exit code
    Exec = 'e',            ///< payload: argv, each ended by a zero byte; replace yourself by it, as root
    Uninterruptible = 'u', ///< as in the D state of a hung driver: no signal but KILL reaches you any more
    Interruptible = 'i',   ///< back to normal
};

inline constexpr std::size_t kFrameHeaderBytes = 5;
inline constexpr std::size_t kGreetingLimit = 128 * 1024; ///< argv and all; more is refused
inline constexpr std::size_t kFrameLimit = 64 * 1024;     ///< payload of one frame

inline constexpr char kNodeVariable[] = "HYBRIDGE_LAB_NODE";
inline constexpr char kSocketVariable[] = "HYBRIDGE_LAB_SOCKET";
inline constexpr char kRootVariable[] = "HYBRIDGE_LAB_ROOT";

} // namespace hybridge::lab
