"""The variables that no step may set, whether they have a value here or not.

Source: the agent's list of read-only variables, and what the service marks so in every job.
"""

_AGENT = (
    "acceptteeeula", "agentusemaskingperformanceenhancements", "builddirectory", "cainfo",
    "clean.builddirectory", "clientcert", "clientcertarchive", "clientcertkey",
    "clientcertpassword", "cloudid", "containerid", "containermapping", "containernetwork",
    "diagnostic", "gituseschannel", "homedirectory", "id", "isselfhosted", "jobname", "jobstatus",
    "machinename", "name", "os", "osarchitecture", "osversion", "proxybypasslist",
    "proxypassword", "proxyurl", "proxyusername", "readonlyvariables", "releasedirectory",
    "retaindefaultencoding", "rootdirectory", "runmode", "serveromdirectory", "services",
    "skipcertvalidation", "source.git.lfs", "source.git.shallowfetchdepth", "source.skip",
    "tempdirectory", "toolsdirectory", "usebasicauthforproxy", "version", "workfolder",
    "workingdirectory",
)  # fmt: skip
_BUILD = (
    "artifactstagingdirectory", "binariesdirectory", "buildid", "buildnumber", "builduri",
    "clean", "containerid", "cronschedule.displayname", "definitionfolderpath", "definitionname",
    "definitionversion", "gated.runci", "gated.shelvesetname", "queuedby", "queuedbyid", "reason",
    "repository.clean", "repository.git.submodulecheckout", "repository.id",
    "repository.localpath", "repository.name", "repository.provider",
    "repository.tfvc.workspace", "repository.uri", "requestedfor", "requestedforemail",
    "requestedforid", "sourcebranch", "sourcebranchname", "sourcesdirectory",
    "sourcetfvcshelveset", "sourceversion", "sourceversionauthor", "sourceversionmessage",
    "stagingdirectory", "syncsources", "useserverworkspaces",
)  # fmt: skip
_SYSTEM = (
    "accesstoken", "artifactsdirectory", "collectionid", "culture", "debug",
    "defaultworkingdirectory", "definitionid", "definitionname", "enableaccesstoken", "hosttype",
    "isazurevm", "isdockercontainer", "istriggeringrepository", "jobattempt", "jobdisplayname",
    "jobid", "jobname", "phaseattempt", "phasedisplayname", "phasename", "planid",
    "prefergitfrompath", "pullrequest.forksecretsremoved", "pullrequest.isfork",
    "pullrequest.mergedat", "pullrequest.pullrequestid", "pullrequest.pullrequestiteration",
    "pullrequest.pullrequestnumber", "pullrequest.sourcebranch", "pullrequest.sourcecommitid",
    "pullrequest.sourcerepositoryuri", "pullrequest.targetbranch",
    "pullrequest.targetbranchname", "selfmanagegitcreds", "servertype", "sourceversionmessage",
    "stageattempt", "stagedisplayname", "stagename", "teamfoundationserveruri", "teamproject",
    "teamprojectid", "workfolder",
)  # fmt: skip
_OTHERS = (
    "common.testresultsdirectory", "job.authorizeas", "job.authorizeasid",
    "pipeline.repository.name", "pipeline.workspace", "system.artifactsdirectory",
    "task.displayname", "task.publishtelemetry", "task.skiptranslatorforcheckout",
)  # fmt: skip

LOCKED = frozenset(
    (
        *(f"agent.{name}" for name in _AGENT),
        *(f"build.{name}" for name in _BUILD),
        *(f"system.{name}" for name in _SYSTEM),
        *_OTHERS,
    )
)
"""Names in lower case."""
