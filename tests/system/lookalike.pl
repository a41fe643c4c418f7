#!/usr/bin/perl
# SPDX-FileCopyrightText: The Hybridge authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Answers like a connector or an engine: serves the files of FOLDER on 127.0.0.1:PORT ("/" in a path is "_" in the file's
# name) and appends what is posted to FOLDER/posts. What it answers is changed by writing files.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $folder) = @ARGV;
$| = 1;
my $server = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $port, Proto => 'tcp', Listen => 64, ReuseAddr => 1)
    or die "cannot listen on $port: $!\n";
print "listening on 127.0.0.1:$port\n";
while (1) {
    my $client = $server->accept or next;
    my $head = '';
    while (defined(my $line = <$client>)) {
        last if $line =~ /^\r?\n$/;
        $head .= $line;
    }
    my ($verb, $path) = $head =~ m{^(\w+) (/[^ ?]*)} or next;
    my ($length) = $head =~ /^content-length: *(\d+)/im;
    my $body = '';
    read($client, $body, $length) if $length;
    if ($verb eq 'POST') {
        open(my $posts, '>>', "$folder/posts");
        print $posts "$path $body\n";
        close $posts;
        print "[GIN] 2026/01/26 - 10:00:00 | 200 | 1s | 127.0.0.1 | POST     \"$path\"\n" if $path ne '/api/generate';
    }
    (my $name = substr($path, 1)) =~ s{/}{_}g;
    my ($status, $answer) = ('404 Not Found', '');
    if (open(my $file, '<', "$folder/$name")) {
        local $/;
        $answer = <$file> // '';
        $status = '200 OK';
    }
    my $type = $answer =~ /^[{\[]/ ? 'application/json' : 'text/plain';
    print $client "HTTP/1.1 $status\r\nContent-Type: $type\r\nContent-Length: " . length($answer)
        . "\r\nConnection: close\r\n\r\n$answer";
    close $client;
}
