#!/usr/bin/perl
# SPDX-FileCopyrightText: The Hybridge authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A connector as far as a drill can tell: dials out to EDGE:7844, as NAME, and takes whatever the edge sends to a port of
# this machine. The edge names the port in a first line; then bytes go both ways as they come. Beside it the files of
# FOLDER are served on METRICS, as by lookalike. Nothing listens to the world.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($metrics, $folder, $edge, $name) = @ARGV;
my $waiting = 8; # connections that lie ready

sub splice_both {
    my ($far, $port) = @_;
    my $near = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Proto => 'tcp', Timeout => 5) or return;
    my %other = ($far => $near, $near => $far);
    my $select = IO::Select->new($far, $near);
    while (1) {
        for my $from ($select->can_read) {
            my $read = sysread($from, my $bytes, 65536);
            return if !$read;
            while (length $bytes) {
                my $written = syswrite($other{$from}, $bytes) or return;
                substr($bytes, 0, $written, '');
            }
        }
    }
}

for (1 .. $waiting) {
    next if fork;
    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';
    while (1) {
        my $far = IO::Socket::INET->new(PeerAddr => "$edge:7844", Proto => 'tcp', Timeout => 1);
        if (!$far) {
            select(undef, undef, undef, 0.2);
            next;
        }
        $far->autoflush(1);
        print $far "$name\n";
        my $port = '';
        while (sysread($far, my $byte, 1)) { # not one byte more: what follows is not ours
            last if $byte eq "\n";
            $port .= $byte;
        }
        if ($port =~ /^\d+$/ && !fork) {
            splice_both($far, $port);
            exit 0;
        }
        close $far;
    }
}
exec '/usr/local/bin/lookalike', $metrics, $folder or die "lookalike: $!\n";
