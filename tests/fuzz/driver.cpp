// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a fuzz target without a fuzzer: on the files named (of folders: all their files), else on standard input.
// Each input runs as it is, cut at many places, and with seeded mutations, so that a plain build finds the obvious.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace {
using Bytes = std::vector<std::uint8_t>;

Bytes readAll(std::istream &in)
{
    return Bytes(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

void runOne(const Bytes &bytes)
{
    // A copy of exactly this size: an overrun is seen by AddressSanitizer.
    const Bytes exact(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void runVariants(const Bytes &bytes)
{
    runOne(bytes);
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 200);
    for (std::size_t n = 0; n < bytes.size(); n += step)
        runOne(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)));
    std::mt19937 random(static_cast<std::mt19937::result_type>(bytes.size()));
    const std::string spice = "\"{}[]:,0-9eE\\\r\n\t <>;=%\x00\x7f\x80\xff";
    for (int i = 0; i < 200 && !bytes.empty(); ++i) {
        Bytes changed = bytes;
        for (unsigned k = 0; k <= random() % 4; ++k) {
            const std::size_t at = random() % changed.size();
            switch (random() % 3) {
            case 0:
                changed[at] = static_cast<std::uint8_t>(spice[random() % spice.size()]);
                break;
            case 1:
                changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random()));
                break;
            default:
                if (changed.size() > 1)
                    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));
            }
        }
        runOne(changed);
    }
}
} // namespace

int main(int argc, char **argv)
{
    if (argc < 2) {
        runOne(readAll(std::cin));
        return 0;
    }
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < argc; ++i) {
        const std::filesystem::path path(argv[i]);
        if (std::filesystem::is_directory(path)) {
            for (const auto &entry : std::filesystem::directory_iterator(path))
                if (entry.is_regular_file())
                    files.push_back(entry.path());
        } else {
            files.push_back(path);
        }
    }
    std::sort(files.begin(), files.end());
    int count = 0;
    for (const std::filesystem::path &path : files) {
        std::ifstream in(path, std::ios::binary);
        if (!in) {
            std::fprintf(stderr, "cannot read %s\n", path.c_str());
            return 1;
        }
        runVariants(readAll(in));
        ++count;
    }
    std::printf("%d inputs and their variants\n", count);
    return count == 0 ? 1 : 0; // an empty corpus proves nothing
}
