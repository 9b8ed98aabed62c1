#!/usr/bin/env bash
# Slurm on this machine alone, to test with: two cores, as one node or as two, reached through loopback,
# and no service of the system. All its files lie in FOLDER; what talks to it needs
# SLURM_CONF=FOLDER/slurm.conf.
#
#     slurm.sh start FOLDER [1|2]
#     slurm.sh stop FOLDER
set -euo pipefail
export PATH=$PATH:/usr/sbin
folder=$(realpath -m "$2") me=$(id -un) host=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf

start() {
    local port=$((20000 + $$ % 10000)) node nodes=(127.0.0.1) tasks=affinity
    if [ "$1" = 2 ]; then
        nodes=(127.0.0.1 127.0.0.2) tasks=none # both would take the same core
    fi
    mkdir -p "$folder"/{munge,state}
    (umask 077 && head -c 128 /dev/urandom > "$folder/munge/key")
    cat > "$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
# Jobs that are requeued wait until the credentials of their first run have expired.
AuthInfo=socket=$folder/munge/socket,cred_expire=5
SlurmUser=$me
SlurmdUser=$me
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/$tasks
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1
MpiDefault=none
KillWait=5
PartitionName=test Nodes=ALL Default=YES
END
    for node in "${nodes[@]}"; do
        echo "NodeName=$node NodeHostname=$host Port=$((++port)) CPUs=$((2 / $1))"
    done >> "$SLURM_CONF"
    munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
        --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
    slurmctld
    for node in "${nodes[@]}"; do
        slurmd -N "$node"
    done
    timeout 30 sh -c "until [ \"\$(sinfo --noheader --format '%D %T')\" = '$1 idle' ]; do sleep 0.2; done"
}

stop() {
    scancel --user="$me" || true
    timeout 30 sh -c 'while [ -n "$(squeue --noheader)" ]; do sleep 0.2; done' || true
    scontrol shutdown || true
    munged --stop --socket="$folder/munge/socket"
}

"$1" "${3:-1}"
